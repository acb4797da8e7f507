// Projection, normalisation, norms, rotations and affine grids for AVX2.
#define LILLIPUT_TARGET avx2
#include "kernels/dense/dense.h"
#include "kernels/dense/lines.h"
#include "kernels/dense/rotate.h"
#include "kernels/dense/settle.h"
#include "kernels/dense/tables.h"

namespace lilliput::avx2 {

constinit const Dense dense = {
    .packed_floats = packed_floats,
    .pack = pack,
    .project = project,
    .place = place,
    .norm2 = norms,
    .rotate = rotate,
    .lines = lines,
    .settle = settle,
};

}  // namespace lilliput::avx2
