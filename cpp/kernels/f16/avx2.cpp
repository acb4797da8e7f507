// f16 rows, widened by F16C.
#define LILLIPUT_TARGET avx2
#include "kernels/f32/widened_avx2.h"
#include "kernels/half.h"
#include "kernels/tables.h"

namespace lilliput::avx2 {
namespace {

struct HardwareHalf {
  static void widen16(const uint16_t* in, float* out) {
    for (int i = 0; i < kLanes; i += 8)
      _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(in + i))));
  }
  static void narrow16(const float* in, uint16_t* out) {
    for (int i = 0; i < kLanes; i += 8)
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                       _mm256_cvtps_ph(_mm256_loadu_ps(in + i), _MM_FROUND_TO_NEAREST_INT));
  }
};

}  // namespace

constinit const Kernels f16 = widened<F16Row>(encode_f16<HardwareHalf>);

}  // namespace lilliput::avx2
