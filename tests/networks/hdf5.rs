//! As much of HDF5 as Keras' weight files need: old-style groups and contiguous datasets of 32-bit floats.
//!
//! Source: the HDF5 file format specification, version 3: superblock 0, B-tree 1, local heap, object header 1.

/// A file in memory.
pub(crate) struct Hdf5<'a>(pub(crate) &'a [u8]);

impl Hdf5<'_> {
    fn number(&self, at: usize, n_bytes: usize) -> usize {
        let bytes = &self.0[at..at + n_bytes];
        bytes.iter().rev().fold(0, |number, &byte| number << 8 | usize::from(byte))
    }

    /// The numbers of the dataset at this path, in C order.
    pub(crate) fn dataset(&self, path: &str) -> Vec<f32> {
        // The root group's symbol table entry lies at byte 56 of the superblock; its second word is the object header.
        let header = path.split('/').fold(self.number(64, 8), |header, name| {
            self.member(header, name).unwrap_or_else(|| panic!("{path}: no {name}"))
        });
        let layout = self.message(header, 0x0008).expect("a dataset has a layout");
        assert_eq!((self.0[layout], self.0[layout + 1]), (3, 1), "{path} is not contiguous");
        let (start, len) = (self.number(layout + 2, 8), self.number(layout + 10, 8));
        let (floats, rest) = self.0[start..start + len].as_chunks::<4>();
        assert!(rest.is_empty());
        floats.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    }

    /// Where the body of the first message of this type lies in an object header, continuation blocks included.
    fn message(&self, header: usize, wanted: usize) -> Option<usize> {
        let mut n_left = self.number(header + 2, 2);
        let mut blocks = vec![(header + 16, header + 16 + self.number(header + 8, 4))];
        while let Some((mut at, end)) = blocks.pop() {
            while n_left > 0 && at + 8 <= end {
                let (kind, len, body) = (self.number(at, 2), self.number(at + 2, 2), at + 8);
                if kind == wanted {
                    return Some(body);
                }
                if kind == 0x0010 {
                    let start = self.number(body, 8);
                    blocks.push((start, start + self.number(body + 8, 8)));
                }
                n_left -= 1;
                at = body + len;
            }
        }
        None
    }

    /// The object header of a group's member.
    fn member(&self, group: usize, name: &str) -> Option<usize> {
        let table = self.message(group, 0x0011).expect("a group has a symbol table");
        let (tree, heap) = (self.number(table, 8), self.number(table + 8, 8));
        self.member_below(tree, self.number(heap + 24, 8), name)
    }

    /// Looks through a B-tree node or, at the bottom, a symbol table node.
    fn member_below(&self, node: usize, names: usize, name: &str) -> Option<usize> {
        if &self.0[node..node + 4] == b"TREE" {
            let n_children = self.number(node + 6, 2);
            return (0..n_children).find_map(|child| self.member_below(self.number(node + 32 + 16 * child, 8), names, name));
        }
        assert_eq!(&self.0[node..node + 4], b"SNOD");
        (0..self.number(node + 6, 2)).find_map(|entry_idx| {
            let entry = node + 8 + 40 * entry_idx;
            let start = names + self.number(entry, 8);
            let found = self.0[start..].split(|&byte| byte == 0).next()?;
            (found == name.as_bytes()).then(|| self.number(entry + 8, 8))
        })
    }
}
