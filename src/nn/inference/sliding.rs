//! MobileAnoNet over overlapping segments of one picture: what neighbours have in common is computed once.
//!
//! The first stages (the head) look at eleven frames around each of their columns and make one column of four frames. Two
//! segments that are scaled alike and begin a multiple of four frames apart have the same columns there, except for those at
//! their edges that see the zeros around the segment: two on the left and one on the right. So the head runs once over the
//! strip that a group of such segments covers, and once more over the few frames at each segment's edges. Behind the head the
//! edges grow with every layer until nothing is shared: the tail runs for each segment.

use rayon::prelude::*;

use super::{Network, Scratch};
use crate::nn::{EMBEDDING_LEN, SegmentWindow};

/// Frames that become one column behind the head.
const COLUMN_FRAMES: usize = 4;
/// Columns at the left edge that see the zeros beside the segment, and the frames that they are made of.
const LEFT_COLUMNS: usize = 2;
const LEFT_FRAMES: usize = 10;
/// The same at the right edge.
const RIGHT_COLUMNS: usize = 1;
const RIGHT_FRAMES: usize = 12;
/// Segments in a group: more share better, fewer spread better over the cores.
const GROUP_SEGMENTS: usize = 8;
/// A segment this far behind its neighbour shares too little.
const FARTHEST_FRAMES: usize = 24;

/// The network, cut where its neighbours part.
#[derive(Debug)]
pub(in crate::nn) struct Sliding {
    pub(super) head: Network,
    pub(super) tail: Network,
}

/// A picture `[n_bins][n_frames]` and how wide a segment of it is.
#[derive(Debug, Clone, Copy)]
pub(in crate::nn) struct Source<'a> {
    pub values: &'a [f32],
    pub n_frames: usize,
    pub segment_frames: usize,
}

impl Source<'_> {
    /// The values of a segment, bin by bin.
    pub(in crate::nn) fn cut(&self, window: &SegmentWindow) -> impl Iterator<Item = f32> {
        let SegmentWindow { first_frame, low, scale } = *window;
        let rows = self.values.chunks_exact(self.n_frames);
        let segment_frames = self.segment_frames;
        rows.flat_map(move |row| {
            row[first_frame..first_frame + segment_frames]
                .iter()
                .map(move |value| (value - low) * scale)
        })
    }
}

/// What one thread needs to compute.
#[derive(Default)]
struct Desk {
    head: Scratch,
    tail: Scratch,
    strip: Vec<f32>,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Sliding {
    /// Embeddings `[n_windows, 128]`, on all cores.
    pub(in crate::nn) fn embed(&self, source: Source<'_>, windows: &[SegmentWindow]) -> Vec<f32> {
        let groups = groups(windows, source.segment_frames);
        let embedded: Vec<Vec<f32>> = groups
            .par_iter()
            .map_init(Desk::default, |desk, group| self.embed_group(source, windows, group, desk))
            .collect();
        let mut embeddings = vec![0.0; windows.len() * EMBEDDING_LEN];
        for (group, embedded) in groups.iter().zip(embedded) {
            for (&window_idx, embedding) in group.iter().zip(embedded.chunks_exact(EMBEDDING_LEN)) {
                embeddings[window_idx * EMBEDDING_LEN..][..EMBEDDING_LEN].copy_from_slice(embedding);
            }
        }
        embeddings
    }

    /// The embeddings of windows that are scaled alike, in ascending order and a multiple of [`COLUMN_FRAMES`] apart.
    fn embed_group(&self, source: Source<'_>, windows: &[SegmentWindow], group: &[usize], desk: &mut Desk) -> Vec<f32> {
        let SegmentWindow { low, scale, .. } = windows[group[0]];
        let n_bins = source.values.len() / source.n_frames;
        let first_of = |window_idx: usize| windows[window_idx].first_frame;
        let (begin, end) = (first_of(group[0]), first_of(group[group.len() - 1]) + source.segment_frames);
        let head = |first: usize, n_frames: usize, scratch: &mut Scratch, columns: &mut Vec<f32>| {
            columns.clear();
            let fill = |bin: usize, row: &mut [f32]| {
                let frames = &source.values[bin * source.n_frames + first..][..n_frames];
                for (to, value) in row.iter_mut().zip(frames) {
                    *to = (value - low) * scale;
                }
            };
            self.head.compute((n_bins, n_frames), &fill, scratch, columns);
        };
        head(begin, end - begin, &mut desk.head, &mut desk.strip);
        let n_channels = self.tail.n_channels;
        let row_len = source.segment_frames.div_ceil(COLUMN_FRAMES) * n_channels;
        let strip_len = (end - begin).div_ceil(COLUMN_FRAMES) * n_channels;
        let n_rows = desk.strip.len() / strip_len;
        let mut embeddings = Vec::with_capacity(group.len() * EMBEDDING_LEN);
        for &window_idx in group {
            let first = first_of(window_idx);
            let has_left = first > begin;
            let has_right = first + source.segment_frames < end;
            if has_left {
                head(first, LEFT_FRAMES, &mut desk.head, &mut desk.left);
            }
            if has_right {
                let first = first + source.segment_frames - RIGHT_FRAMES;
                head(first, RIGHT_FRAMES, &mut desk.head, &mut desk.right);
            }
            let (strip, left, right) = (&desk.strip, &desk.left, &desk.right);
            let offset = (first - begin) / COLUMN_FRAMES * n_channels;
            let fill = |row_idx: usize, row: &mut [f32]| {
                row.copy_from_slice(&strip[row_idx * strip_len + offset..][..row_len]);
                if has_left {
                    let n = LEFT_COLUMNS * n_channels;
                    let edge_len = left.len() / n_rows;
                    row[..n].copy_from_slice(&left[row_idx * edge_len..][..n]);
                }
                if has_right {
                    let n = RIGHT_COLUMNS * n_channels;
                    let edge_len = right.len() / n_rows;
                    row[row_len - n..].copy_from_slice(&right[(row_idx + 1) * edge_len - n..][..n]);
                }
            };
            let n_columns = row_len / n_channels;
            self.tail.compute((n_rows, n_columns), &fill, &mut desk.tail, &mut embeddings);
        }
        embeddings
    }
}

/// Windows that share the head's columns, each group in ascending order.
fn groups(windows: &[SegmentWindow], segment_frames: usize) -> Vec<Vec<usize>> {
    let key = |window: &SegmentWindow| {
        (
            window.low.to_bits(),
            window.scale.to_bits(),
            window.first_frame % COLUMN_FRAMES,
        )
    };
    let can_share = segment_frames.is_multiple_of(COLUMN_FRAMES) && segment_frames >= LEFT_FRAMES + RIGHT_FRAMES;
    let mut order: Vec<usize> = (0..windows.len()).collect();
    order.sort_by_key(|&idx| (key(&windows[idx]), windows[idx].first_frame));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for idx in order {
        match groups.last_mut() {
            Some(group)
                if can_share
                    && group.len() < GROUP_SEGMENTS
                    && group.last().is_some_and(|&last| {
                        key(&windows[last]) == key(&windows[idx])
                            && windows[idx].first_frame - windows[last].first_frame <= FARTHEST_FRAMES
                    }) =>
            {
                group.push(idx);
            }
            _ => groups.push(vec![idx]),
        }
    }
    groups
}
