//! The functions in C that networks are made of.

pub(super) const TYPES: &str = "\
typedef struct {
    int in_channels, in_height, in_width;
    int out_channels, out_height, out_width;
    int kernel_height, kernel_width, stride_y, stride_x, padding_y, padding_x;
    int groups, repeat_y, repeat_x;
    int has_activation; /* 0: none, 1: negative values times the slope (0 without slopes) */
    const WEIGHT *weights;
    const float *scales, *biases, *slopes;
} layer;

/* Padding is known to be at the edge; scales, biases and slopes may be missing. */
static float finished(const layer *l, float sum, int channel, int at)
{
    float value = (l->scales ? sum * l->scales[at] : sum) + (l->biases ? l->biases[at] : 0.0f);
    if (l->has_activation && value < 0.0f) {
        value *= l->slopes ? l->slopes[channel] : 0.0f;
    }
    return value;
}
";

/// Weight by weight over whole rows, so that no product asks whether it is there and compilers make vectors of it.
pub(super) const CONVOLVE: &str = "
/* The first output that meets an input with this place in the kernel, and the one behind the last. */
static int first_of(int padding, int k, int stride)
{
    return padding > k ? (padding - k + stride - 1) / stride : 0;
}

static int end_of(int padding, int k, int stride, int n_in, int n_out)
{
    const int room = n_in + padding - k;
    const int end = room > 0 ? (room + stride - 1) / stride : 0;
    return end < n_out ? end : n_out;
}

static void convolve(const layer *l, const float *in, float *out)
{
    const int per_group = l->in_channels / l->groups;
    const int from_group = l->out_channels / l->groups;
    const int n_pixels = l->out_height * l->out_width;
    const int high = l->in_height * l->repeat_y, wide = l->in_width * l->repeat_x;
    const WEIGHT *weights = l->weights;
    for (int c = 0; c < l->out_channels; c++, out += n_pixels) {
        for (int p = 0; p < n_pixels; p++) {
            out[p] = 0.0f;
        }
        for (int i = 0; i < per_group; i++) {
            const float *map = in + (long)(c / from_group * per_group + i) * l->in_height * l->in_width;
            for (int ky = 0; ky < l->kernel_height; ky++) {
                const int y_end = end_of(l->padding_y, ky, l->stride_y, high, l->out_height);
                for (int kx = 0; kx < l->kernel_width; kx++) {
                    const float w = (float)*weights++;
                    const int x_first = first_of(l->padding_x, kx, l->stride_x);
                    const int x_end = end_of(l->padding_x, kx, l->stride_x, wide, l->out_width);
                    const int at = kx - l->padding_x;
                    for (int y = first_of(l->padding_y, ky, l->stride_y); y < y_end; y++) {
                        const float *row = map + (y * l->stride_y + ky - l->padding_y) / l->repeat_y * l->in_width;
                        float *to = out + y * l->out_width;
                        if (l->repeat_x == 1 && l->stride_x == 1) {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[x + at];
                            }
                        } else if (l->repeat_x == 1) {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[x * l->stride_x + at];
                            }
                        } else if (l->repeat_x == 2 && l->stride_x == 1) {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[(x + at) >> 1];
                            }
                        } else {
                            for (int x = x_first; x < x_end; x++) {
                                to[x] += w * row[(x * l->stride_x + at) / l->repeat_x];
                            }
                        }
                    }
                }
            }
        }
        for (int p = 0; p < n_pixels; p++) {
            out[p] = finished(l, out[p], c, c);
        }
    }
}
";

pub(super) const TRANSPOSED: &str = "
static void convolve_transposed(const layer *l, const float *in, float *out)
{
    for (int c = 0; c < l->out_channels; c++) {
        for (int y = 0; y < l->out_height; y++) {
            for (int x = 0; x < l->out_width; x++) {
                float sum = 0.0f;
                for (int ky = 0; ky < l->kernel_height; ky++) {
                    const int sy = y + l->padding_y - ky;
                    if (sy < 0 || sy % l->stride_y != 0 || sy / l->stride_y >= l->in_height) {
                        continue;
                    }
                    for (int kx = 0; kx < l->kernel_width; kx++) {
                        const int sx = x + l->padding_x - kx;
                        if (sx < 0 || sx % l->stride_x != 0 || sx / l->stride_x >= l->in_width) {
                            continue;
                        }
                        for (int i = 0; i < l->in_channels; i++) {
                            const long w = (((long)i * l->out_channels + c) * l->kernel_height + ky) * l->kernel_width + kx;
                            const long at = ((long)i * l->in_height + sy / l->stride_y) * l->in_width + sx / l->stride_x;
                            sum += (float)l->weights[w] * in[at];
                        }
                    }
                }
                *out++ = finished(l, sum, c, c);
            }
        }
    }
}
";

pub(super) const DENSE: &str = "
static void dense(const layer *l, const float *in, float *out)
{
    const long n_in = (long)l->in_channels * l->in_height * l->in_width;
    const int n_pixels = l->out_height * l->out_width;
    const WEIGHT *w = l->weights;
    for (int o = 0; o < l->out_channels * n_pixels; o++) {
        float sum = 0.0f;
        for (long i = 0; i < n_in; i++) {
            sum += (float)*w++ * in[i];
        }
        out[o] = finished(l, sum, o / n_pixels, o);
    }
}
";

pub(super) const ADD: &str = "
static void add(const layer *l, const float *in, const float *other, float *out)
{
    const int n_pixels = l->out_height * l->out_width;
    for (int o = 0; o < l->out_channels * n_pixels; o++) {
        float value = in[o] + other[o];
        if (l->has_activation && value < 0.0f) {
            value *= l->slopes ? l->slopes[o / n_pixels] : 0.0f;
        }
        out[o] = value;
    }
}
";
