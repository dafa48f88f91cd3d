//! Small convolutional autoencoders with their windows abreast: every lane of a vector holds another window.
//!
//! A net of a few channels leaves most of a vector empty where channels lie innermost, and strides and replicators cut rows of
//! bands to pieces. With a window in each lane none of that matters: a number of a map is a whole vector, and every layer is
//! plain arithmetic on it, whatever its shape. It needs as many windows as a vector has lanes, so it is for training and for
//! whole clips; a single window goes through [`Engine`](super::engine::Engine).
//!
//! A batch is cut into groups of windows; groups are spread over the cores, and what they add up is added in their order, so that
//! the number of threads changes no result.
//!
//! | file | what |
//! |---|---|
//! | `taps` | which number of one map meets which place of the kernel, forwards and backwards |
//! | `maps` | maps with a window in each lane, and the way into them and out |
//! | `sums` | the sums of a convolution and of a dense layer, in either direction |
//! | `slopes` | the gradients of their weights |
//! | `norm` | batch norm and ReLU |
//! | `block` | all layers forwards and backwards, as one block |

mod block;
mod maps;
mod norm;
mod slopes;
mod sums;
mod taps;

pub(super) use block::{Abreast, RunningNorm};
