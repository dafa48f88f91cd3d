//! The one buffer for the values between layers: who writes where.

use crate::export::graph::{Graph, Node, Operation};

/// Where each node writes in the one buffer.
pub(super) struct Arena {
    /// One a node, in floats.
    pub(super) offsets: Vec<usize>,
    pub(super) len: usize,
}

impl Arena {
    pub(super) fn plan(graph: &Graph) -> Self {
        let is_chain = !graph.nodes.iter().any(|node| matches!(node.operation, Operation::Add { .. }));
        if is_chain {
            Self::of_chain(graph)
        } else {
            Self::first_fit(graph)
        }
    }

    /// From one end and from the other in turns: as long as the largest layer's input and output together.
    fn of_chain(graph: &Graph) -> Self {
        let sizes: Vec<usize> = graph.nodes.iter().map(|node| node.output.n_values()).collect();
        let with_input = |at: usize| sizes[at] + at.checked_sub(1).map_or(0, |before| sizes[before]);
        let len = (0..sizes.len()).map(with_input).max().unwrap_or(0);
        let offset = |(at, size): (usize, &usize)| if at % 2 == 0 { 0 } else { len - size };
        Self {
            offsets: sizes.iter().enumerate().map(offset).collect(),
            len,
        }
    }

    /// At the lowest place that nothing alive takes.
    fn first_fit(graph: &Graph) -> Self {
        let last_use = |at: usize| {
            let reads = |node: &Node| matches!(node.operation, Operation::Add { other } if other == at);
            graph.nodes.iter().rposition(reads).unwrap_or(0).max(at + 1)
        };
        let (mut placed, mut offsets, mut len): (Vec<(usize, usize, usize)>, Vec<usize>, usize) = (Vec::new(), Vec::new(), 0);
        for (at, node) in graph.nodes.iter().enumerate() {
            placed.retain(|&(_, _, last)| last >= at);
            placed.sort_unstable();
            let size = node.output.n_values();
            let mut offset = 0;
            for &(start, end, _) in &placed {
                if offset + size <= start {
                    break;
                }
                offset = offset.max(end);
            }
            placed.push((offset, offset + size, last_use(at)));
            offsets.push(offset);
            len = len.max(offset + size);
        }
        Self { offsets, len }
    }
}
