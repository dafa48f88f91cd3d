//! The first two principal components.

use nalgebra::{DMatrix, SymmetricEigen};

/// The rows (`[n, n_features]`) as columns of a matrix (`n_features × n`), with the mean taken off.
pub(super) fn centred(rows: &[f32], n_features: usize) -> DMatrix<f64> {
    let mut columns = DMatrix::from_iterator(
        n_features,
        rows.len() / n_features,
        rows.iter().map(|value| f64::from(*value)),
    );
    for mut feature in columns.row_iter_mut() {
        let mean = feature.sum() / feature.len() as f64;
        // A feature that never changes is exactly 0, not what rounding leaves of it.
        let is_constant = feature.iter().all(|value| *value == feature[0]);
        feature.apply(|value| *value = if is_constant { 0.0 } else { *value - mean });
    }
    columns
}

/// Coordinates of each column of `columns` (centred) along the two directions of greatest variance.
///
/// A direction points where its largest coordinate is positive, so that the picture does not depend on the eigen solver's whim.
/// With a single feature, or in rows without variance, the missing coordinates are 0.
pub(super) fn principal_components(columns: &DMatrix<f64>) -> Vec<[f64; 2]> {
    let (n_features, n_rows) = columns.shape();
    let mut points = vec![[0.0; 2]; n_rows];
    // The scale keeps squares of very large and very small values within what a number can hold.
    let scale = columns.amax();
    if scale == 0.0 {
        return points;
    }
    let scaled = columns / scale;
    // Of the two products with the same spectrum, the smaller one.
    let is_wide = n_features > n_rows;
    let product = if is_wide {
        scaled.transpose() * &scaled
    } else {
        &scaled * scaled.transpose()
    };
    let eigen = SymmetricEigen::new(product);
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]));
    for (axis, &eigen_idx) in order.iter().take(2).enumerate() {
        let vector = eigen.eigenvectors.column(eigen_idx);
        let coordinates = if is_wide {
            vector * eigen.eigenvalues[eigen_idx].max(0.0).sqrt()
        } else {
            scaled.tr_mul(&vector)
        };
        let sign = coordinates[coordinates.iamax()].signum();
        for (point, coordinate) in points.iter_mut().zip(coordinates.iter()) {
            point[axis] = sign * scale * coordinate;
        }
    }
    points
}
