//! Stages whose input is added to their output.

use pulp::Simd;

use super::{Band, Size, Stage, State, push_through, stations};

#[derive(Debug)]
pub(super) struct Residual {
    /// They keep the size and the number of channels.
    stages: Vec<Stage>,
}

impl Residual {
    pub(super) fn new(stages: Vec<Stage>) -> Self {
        Self { stages }
    }

    #[inline(always)]
    pub(super) fn push<S: Simd>(&self, simd: S, band: Band<'_>, state: &mut State, output: &mut Vec<f32>) -> Size {
        if state.inner.is_empty() {
            state.inner = stations(&self.stages);
        }
        let inner = push_through(simd, &self.stages, band, &mut state.inner);
        // What went in and has not come out yet: the rows held from before, then those of the band.
        output.clear();
        output.extend_from_slice(inner.values);
        let (from_held, from_band) = output.split_at_mut(inner.values.len().min(state.held.len()));
        add(simd, from_held, &state.held);
        add(simd, from_band, band.values);
        let n_from_band = from_band.len();
        let n_from_held = from_held.len();
        state.held.drain(..n_from_held);
        state.held.extend_from_slice(&band.values[n_from_band..]);
        (inner.n_rows, inner.width)
    }
}

/// Adds the first numbers of `more` to `to`.
#[inline(always)]
fn add<S: Simd>(simd: S, to: &mut [f32], more: &[f32]) {
    let (to, to_rest) = S::as_mut_simd_f32s(to);
    let (more, more_rest) = S::as_simd_f32s(&more[..to.len() * S::F32_LANES + to_rest.len()]);
    for (to, more) in to.iter_mut().zip(more) {
        *to = simd.add_f32s(*to, *more);
    }
    for (to, more) in to_rest.iter_mut().zip(more_rest) {
        *to += more;
    }
}
