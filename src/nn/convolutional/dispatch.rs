//! The kernels of convolutional layers, each compiled for every kind of processor; the one for this processor is picked at the call.

use std::ops::Range;

use pulp::{Arch, Simd, WithSimd};

use crate::nn::kernels::convolution::Pass;
use crate::nn::kernels::floor::Floor;
use crate::nn::kernels::geometry::Frame;
use crate::nn::kernels::product::Packed;
use crate::nn::kernels::weight_gradient::{WeightGradient, Workspace};
use crate::nn::kernels::{batch_norm, batch_norm::Norm, convolution, weight_gradient};

/// A function of these arguments that calls the kernel with the vectors of this processor.
macro_rules! dispatched {
    ($(#[$doc:meta])* $name:ident = $kernel:path, <$life:lifetime>($($argument:ident: $type:ty),* $(,)?) -> $output:ty) => {
        $(#[$doc])*
        pub(super) fn $name<$life>($($argument: $type),*) -> $output {
            struct Kernel<$life> {
                $($argument: $type,)*
            }

            impl<$life> WithSimd for Kernel<$life> {
                type Output = $output;

                #[inline(always)]
                fn with_simd<S: Simd>(self, simd: S) -> $output {
                    $kernel(simd, $(self.$argument),*)
                }
            }

            Arch::new().dispatch(Kernel { $($argument),* })
        }
    };
}

dispatched! {
    convolve = convolution::convolve, <'a>(
        pass: &'a Pass,
        layer: (&'a [Packed], &'a [f32], Floor),
        inputs: &'a [f32],
        outputs: &'a mut [f32],
        workspace: &'a mut Vec<f32>,
    ) -> ()
}

dispatched! {
    moments = batch_norm::moments, <'a>(frame: &'a Frame, window: &'a [f32]) -> Vec<f32>
}

dispatched! {
    normalise = batch_norm::normalise, <'a>(
        norm: Norm<'a>,
        from: (&'a Frame, &'a [f32]),
        to: (&'a Frame, &'a mut [f32]),
    ) -> ()
}

dispatched! {
    gradient_sums = batch_norm::gradient_sums, <'a>(
        norm: Norm<'a>,
        x: (&'a Frame, &'a [f32]),
        y_gradient: (&'a Frame, &'a [f32]),
    ) -> Vec<f32>
}

dispatched! {
    replace_by_gradient = batch_norm::replace_by_gradient, <'a>(
        norm: Norm<'a>,
        common: (&'a [f32], &'a [f32]),
        x: (&'a Frame, &'a mut [f32]),
        y_gradient: (&'a Frame, &'a [f32]),
    ) -> ()
}

dispatched! {
    add_weight_gradient = weight_gradient::add_weight_gradient, <'a>(
        gradient: &'a WeightGradient,
        place: (usize, Range<usize>),
        maps: (&'a [f32], &'a [f32]),
        sums: &'a mut [f32],
        workspace: &'a mut Workspace,
    ) -> ()
}
