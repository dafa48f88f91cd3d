//! Which number of a source meets which place of the kernel on its way to a target: pure index arithmetic.
//!
//! Forwards the target is the output of a convolution and the source its input; backwards the target is the gradient of the
//! input and the source that of the output. A stride or a replicator makes some targets different from others, in turns: a
//! [`Strand`] holds those that are alike. Places of the kernel that meet the same number are one tap, with the sum of their
//! weights: behind a replicator of 2 x 2 a kernel of nine has four taps.

use crate::exploration::Layer;

/// Zeros around a map.
pub(super) const MARGIN: usize = 1;

/// Which way a convolution is walked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Forwards,
    /// From the gradient of the output to that of the input.
    Backwards,
}

/// Targets along an axis whose sources lie alike around them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Strand {
    /// The first target, without margin.
    pub first: usize,
    /// From one target to the next.
    pub step: usize,
    pub n: usize,
    /// From the sources of one target to those of the next.
    pub advance: usize,
    pub taps: Vec<Tap>,
}

/// A source of a target, and what multiplies it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tap {
    /// Of the first target, margin included.
    pub source: usize,
    /// Places of the kernel, whose weights are added up.
    pub places: Vec<usize>,
}

/// An axis of a convolution: `n_in` numbers, each replicated `replicated` times, under a kernel that goes on by `stride`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub n_in: usize,
    pub n_out: usize,
    pub kernel: usize,
    pub stride: usize,
    pub replicated: usize,
}

impl Axis {
    /// Of frames and of bands.
    pub(super) fn both(layer: &Layer, kernel: usize) -> [Self; 2] {
        let axis = |n_in, n_out, at: usize| Self {
            n_in,
            n_out,
            kernel,
            stride: layer.stride[at],
            replicated: layer.replicated[at],
        };
        [
            axis(layer.input.frames, layer.output.frames, 0),
            axis(layer.input.bands, layer.output.bands, 1),
        ]
    }

    pub(super) fn strands(self, way: Way) -> Vec<Strand> {
        let (stride, replicated) = (self.stride as isize, self.replicated as isize);
        let padding = (self.kernel / 2) as isize;
        let places = 0..self.kernel as isize;
        match way {
            Way::Forwards => (0..replicated)
                .map(|turn| {
                    let taps = places.clone().map(|place| {
                        let source = (turn * stride + place - padding).div_euclid(replicated);
                        (source, place)
                    });
                    self.strand((turn, replicated, self.n_out), stride, taps.collect())
                })
                .collect(),
            Way::Backwards => (0..stride)
                .map(|turn| {
                    let copies = (0..replicated).flat_map(|copy| places.clone().map(move |place| (copy, place)));
                    let taps = copies.filter_map(|(copy, place)| {
                        let shift = turn + copy + padding - place;
                        (shift.rem_euclid(stride) == 0).then(|| (shift.div_euclid(stride), place))
                    });
                    self.strand((turn, stride, self.n_in), replicated, taps.collect())
                })
                .collect(),
        }
    }

    /// `taps`: the source of the first target, without margin, and the place.
    fn strand(self, (first, step, n_targets): (isize, isize, usize), advance: isize, taps: Vec<(isize, isize)>) -> Strand {
        let mut merged: Vec<Tap> = Vec::new();
        for (source, place) in taps {
            let (source, place) = ((source + MARGIN as isize) as usize, place as usize);
            match merged.iter_mut().find(|tap| tap.source == source) {
                Some(tap) => tap.places.push(place),
                None => merged.push(Tap {
                    source,
                    places: vec![place],
                }),
            }
        }
        merged.sort_by_key(|tap| tap.source);
        let (first, step) = (first as usize, step as usize);
        Strand {
            first,
            step,
            n: n_targets.saturating_sub(first).div_ceil(step),
            advance: advance as usize,
            taps: merged,
        }
    }
}

/// Strands of frames and of bands that meet: a part of the target with the same taps everywhere.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub frames: Strand,
    pub bands: Strand,
}

impl Part {
    /// All parts of a target.
    pub(super) fn of(axes: [Axis; 2], way: Way) -> Vec<Self> {
        let [frames, bands] = axes.map(|axis| axis.strands(way));
        let pairs = frames
            .iter()
            .flat_map(|frames| bands.iter().map(move |bands| (frames.clone(), bands.clone())));
        pairs.map(|(frames, bands)| Self { frames, bands }).collect()
    }

    pub(super) fn n_taps(&self) -> usize {
        self.frames.taps.len() * self.bands.taps.len()
    }

    /// The places of each tap in a kernel of so many places a side, frames outermost.
    pub(super) fn places(&self, side: usize) -> impl Iterator<Item = Vec<usize>> + '_ {
        let pairs = self
            .frames
            .taps
            .iter()
            .flat_map(|row| self.bands.taps.iter().map(move |column| (row, column)));
        pairs.map(move |(row, column)| {
            let places = row
                .places
                .iter()
                .flat_map(|row| column.places.iter().map(move |column| row * side + column));
            places.collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(n_in: usize, kernel: usize, stride: usize, replicated: usize) -> Axis {
        Axis {
            n_in,
            n_out: n_in.div_ceil(stride) * replicated,
            kernel,
            stride,
            replicated,
        }
    }

    /// Every meeting of an input, an output and a place of the kernel, by the definition of a padded convolution.
    fn meetings(axis: Axis) -> Vec<(usize, usize, usize)> {
        let mut meetings = Vec::new();
        for output in 0..axis.n_out {
            for place in 0..axis.kernel {
                let replica = (output * axis.stride + place) as isize - (axis.kernel / 2) as isize;
                if (0..(axis.n_in * axis.replicated) as isize).contains(&replica) {
                    meetings.push((replica as usize / axis.replicated, output, place));
                }
            }
        }
        meetings.sort_unstable();
        meetings
    }

    fn walked(axis: Axis, way: Way) -> Vec<(usize, usize, usize)> {
        let n_sources = if way == Way::Forwards { axis.n_in } else { axis.n_out };
        let mut meetings = Vec::new();
        for strand in axis.strands(way) {
            for i in 0..strand.n {
                let target = strand.first + i * strand.step;
                for tap in &strand.taps {
                    let source = tap.source + i * strand.advance;
                    assert!(source < n_sources + 2 * MARGIN, "sources lie in the map or in its margin");
                    if (MARGIN..n_sources + MARGIN).contains(&source) {
                        let source = source - MARGIN;
                        let pair = if way == Way::Forwards {
                            (source, target)
                        } else {
                            (target, source)
                        };
                        meetings.extend(tap.places.iter().map(|place| (pair.0, pair.1, *place)));
                    }
                }
            }
        }
        meetings.sort_unstable();
        meetings
    }

    #[test]
    fn both_ways_meet_what_the_definition_meets() {
        for n_in in [1, 2, 3, 4, 8] {
            for kernel in [1, 3] {
                for (stride, replicated) in [(1, 1), (2, 1), (1, 2)] {
                    let axis = axis(n_in, kernel, stride, replicated);
                    assert_eq!(walked(axis, Way::Forwards), meetings(axis), "{axis:?}");
                    assert_eq!(walked(axis, Way::Backwards), meetings(axis), "{axis:?}");
                }
            }
        }
    }

    #[test]
    fn a_replicator_merges_places() {
        let taps = |n: usize| {
            axis(8, 3, 1, n)
                .strands(Way::Forwards)
                .iter()
                .map(|s| s.taps.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(taps(1), [3]);
        assert_eq!(taps(2), [2, 2]);
    }
}
