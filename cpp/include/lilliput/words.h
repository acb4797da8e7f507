// Codebooks of words: training them, and finding the nearest word of each part of a row, or the nearest sum.
// Everything after the first rounding is integer arithmetic, so that codebooks and codes are the same on
// every machine.
//
// Jégou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI 2011.
#pragma once

#include "lilliput/codes.h"
#include "lilliput/pool.h"

namespace lilliput {

constexpr uint32_t kPoints = 64;  // of a panel

// Numbers are int16, two of them in an int32: a panel is (pairs, kPoints), words are (entries, pairs).
struct NearestWord {
  // The largest of start[k] + dot(x_i, word k) for each point. Dots are multiples of 256 and the low byte of
  // `start` says which word it is, so that one maximum finds both; see `packed_start`. The number of entries
  // is a multiple of 4.
  void (*nearest)(const int32_t* panel, uint32_t pairs, const int32_t* words, const int32_t* start,
                  uint32_t entries, int32_t* best);
  // The same sums for few points against a panel of words: out[point * lanes + lane] = start[lane] +
  // dot(point, word). Points are (n, pairs), the panel is (pairs, lanes), and lanes are a multiple of 16.
  void (*products)(const int32_t* panel, uint32_t lanes, uint32_t pairs, const int32_t* points, uint32_t n,
                   const int32_t* start, int32_t* out);
};

const NearestWord& nearest_word(Isa isa);

// Rows of floats in parts of `width` dimensions; what lies past `dim` counts as zero.
struct Parts {
  const float* x;  // (n, dim)
  uint64_t n;
  uint32_t dim, count, width;
};

struct Training {
  uint32_t entries, iterations;
  uint64_t seed;
  unsigned threads;
  Poll poll;
  bool centred = true;  // else the mean is taken as zero, and the words hold it
};

// What a part's words become: x is about mean + step * word.
struct Trained {
  float* mean;      // (count * width)
  float* step;      // (count)
  int8_t* words;    // (count, entries, width)
  double* inertia;  // (count): the mean squared distance of a point to its centroid, before words are rounded
};

// Lloyd's algorithm for each part by itself; false when cancelled.
bool train_words(const Parts& parts, const Training& training, const NearestWord& kernel, const Trained& out);

// Writes the numbers of the nearest words: a byte a part, or half a byte where there are 16 words.
void encode_words(const Codebook& book, const float* mean, const float* step, const Parts& parts,
                  const NearestWord& kernel, unsigned threads, std::byte* rows);

// How long rows are whose squared lengths lie between two positive numbers.
Lengths lengths_between(float least, float most);

// Rows as sums of one word of each part, found part by part: of all sums so far the `beam` nearest to the row
// stay. Words are multiples of `step`. Writes the numbers of a row's words, a byte each, and the squared
// length of their sum in steps.
//
// Chen, Guan and Wang, "Approximate nearest neighbor search by residual vector quantization", Sensors 2010;
// the beam: Babenko and Lempitsky, "Additive quantization for extreme vector compression", CVPR 2014.
void encode_sums(const Codebook& book, float step, const float* x, uint64_t n, uint32_t beam,
                 const NearestWord& kernel, unsigned threads, uint8_t* numbers, double* squares);

}  // namespace lilliput
