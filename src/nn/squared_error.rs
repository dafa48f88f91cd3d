//! How far autoencoders are off.

/// The mean squared error of each of the windows of `window_len` numbers, in double precision.
pub(super) fn mean_squared_errors(windows: &[f32], redrawn: &[f32], window_len: usize) -> impl Iterator<Item = f32> {
    let pairs = windows.chunks(window_len).zip(redrawn.chunks(window_len));
    pairs.map(|(window, redrawn)| mean_squared_error(window, redrawn))
}

fn mean_squared_error(a: &[f32], b: &[f32]) -> f32 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    (squares.sum::<f64>() / a.len() as f64) as f32
}
