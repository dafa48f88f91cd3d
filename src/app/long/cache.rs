//! The pieces that were looked at last, in a bounded memory.

use std::collections::HashMap;

use super::{DrawnPiece, LongPiece};

/// Bytes that are kept.
const BUDGET: usize = 48 << 20;

/// Pieces by what they are; those that nobody has looked at for longest go first.
#[derive(Debug, Clone, Default)]
pub(super) struct PieceCache {
    pieces: HashMap<LongPiece, (DrawnPiece, u64)>,
    n_bytes: usize,
    clock: u64,
}

impl PieceCache {
    pub(super) fn get(&self, piece: &LongPiece) -> Option<&DrawnPiece> {
        self.pieces.get(piece).map(|(drawn, _)| drawn)
    }

    pub(super) fn n_bytes(&self) -> usize {
        self.n_bytes
    }

    /// Notes that these are looked at.
    pub(super) fn touch(&mut self, pieces: &[LongPiece]) {
        self.clock += 1;
        for piece in pieces {
            if let Some((_, last_used)) = self.pieces.get_mut(piece) {
                *last_used = self.clock;
            }
        }
    }

    pub(super) fn insert(&mut self, piece: LongPiece, drawn: DrawnPiece) {
        self.n_bytes += drawn.n_bytes();
        if let Some((before, _)) = self.pieces.insert(piece, (drawn, self.clock)) {
            self.n_bytes -= before.n_bytes();
        }
        while self.n_bytes > BUDGET {
            let oldest = self.pieces.iter().filter(|(other, _)| **other != piece);
            let Some((&oldest, _)) = oldest.min_by_key(|(_, (_, last_used))| *last_used) else {
                break;
            };
            if let Some((gone, _)) = self.pieces.remove(&oldest) {
                self.n_bytes -= gone.n_bytes();
            }
        }
    }

    /// Forgets pictures, which other settings would draw otherwise, and keeps the sound.
    pub(super) fn forget_pictures(&mut self) {
        self.pieces.retain(|piece, _| matches!(piece, LongPiece::Sound(_)));
        self.n_bytes = self.pieces.values().map(|(drawn, _)| drawn.n_bytes()).sum();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{BUDGET, DrawnPiece, LongPiece, PieceCache};

    #[test]
    fn what_is_looked_at_stays_and_the_memory_is_bounded() {
        let mut cache = PieceCache::default();
        let page = || DrawnPiece::Sound(Arc::new(vec![0.0; 1 << 18]));
        for idx in 0..200 {
            cache.touch(&[LongPiece::Sound(0)]);
            cache.insert(LongPiece::Sound(idx), page());
            assert!(cache.n_bytes() <= BUDGET);
        }
        assert!(cache.get(&LongPiece::Sound(0)).is_some(), "it was looked at all the time");
        assert!(cache.get(&LongPiece::Sound(1)).is_none());
        assert!(cache.get(&LongPiece::Sound(199)).is_some());
        cache.insert(LongPiece::Sound(199), page());
        assert_eq!(cache.n_bytes() % (1 << 20), 0, "one that comes again counts once");
    }
}
