/* The functions of the cell language on one element, written so that a compiler can turn a loop
 * over elements into vector instructions: no branches, no tables, no calls.
 *
 * With -DDOUBLE, `real` is double and the functions are those of the system's mathematics library:
 * exact and slow, for gradient checks. Else they are within 3 units in the last place of float
 * (tests/compiler/test_maths.py). NaN stays NaN, so that a training that diverges is noticed.
 *
 * The polynomials are least-maximum-error fits over the reduced ranges. Range reduction after
 * Cody & Waite (1980), Software Manual for the Elementary Functions, chapters 6 and 8.
 */
typedef unsigned short Half; /* bfloat16: the upper half of a float */

#ifdef DOUBLE

#include <math.h>
typedef double real;
static inline real Exp(real x) { return exp(x); }
static inline real Tanh(real x) { return tanh(x); }
static inline real Sin(real x) { return sin(x); }
static inline real Cos(real x) { return cos(x); }
static inline real Rsqrt(real x) { return 1 / sqrt(x); }
static inline real Sigmoid(real x)
{
    const real small = exp(-fabs(x));
    return (x >= 0 ? 1 : small) / (1 + small);
}

#else

typedef float real;

static inline unsigned bits_of(float x)
{
    union {
        float number;
        unsigned bits;
    } both = {.number = x};
    return both.bits;
}

static inline float of_bits(unsigned bits)
{
    union {
        unsigned bits;
        float number;
    } both = {.bits = bits};
    return both.number;
}

static inline unsigned low_bits_of(double x)
{
    union {
        double number;
        unsigned long long bits;
    } both = {.number = x};
    return (unsigned)both.bits;
}

/* 1.5·2²³: adding it rounds to an integer, which then stands in the low bits. */
#define ROUND 12582912.0f

typedef struct {
    float scale, tail;
} Power; /* eˣ = scale·(1 + tail) */

static inline Power power_of_e(float x)
{
    const float rounded = x * 1.44269504f + ROUND; /* x / ln 2 */
    const float n = rounded - ROUND;
    const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f; /* ln 2 in two parts */
    const float tail = 1.38818653e-3f;
    return (Power){
        .scale = of_bits((bits_of(rounded) << 23) + 0x3f800000u), /* 2ⁿ */
        .tail = r +
                r * r *
                    ((((tail * r + 8.3698013e-3f) * r + 4.16673427e-2f) * r + 1.66665112e-1f) * r +
                     4.99999973e-1f),
    };
}

/* eˣ for x up to 88; below −87 no smaller than e⁻⁸⁷. */
static inline float Exp(float x)
{
    x = -87.0f > x ? -87.0f : x;
    const Power e = power_of_e(88.0f < x ? 88.0f : x);
    return e.scale + e.scale * e.tail;
}

static inline float Sigmoid(float x) { return 1 / (1 + Exp(-x)); }

/* tanh x = q / (q + 2) with q = e²ˣ − 1, which loses no digits near zero. */
static inline float Tanh(float x)
{
    x = -10.0f > x ? -10.0f : x;
    const Power e = power_of_e(2 * (10.0f < x ? 10.0f : x));
    const float q = e.scale * e.tail + (e.scale - 1);
    return q / (q + 2);
}

/* sin(x + quarter·π/2). The range is reduced in double, by π/2 in two parts, the first with so few
 * digits that n of it are exact; that is good to the last place of float up to |x| = 10⁶. Far
 * beyond, where neighbouring floats lie whole turns apart, the result stays in [−1, 1]. */
static inline float sine(float x, unsigned quarter)
{
    const double rounded = (double)x * 0.6366197723675814 + 6755399441055744.0; /* 1.5·2⁵² */
    const double n = rounded - 6755399441055744.0;
    const float rest = (float)(((double)x - n * 1.5707963267341256) - n * 6.077100506506192e-11);
    const float positive = -0.8f > rest ? -0.8f : rest;
    const float r = 0.8f < positive ? 0.8f : positive;
    const unsigned turn = low_bits_of(rounded) + quarter;
    const float u = r * r;
    const float s = r + r * u * ((-1.95108392e-4f * u + 8.3321315e-3f) * u - 1.66666542e-1f);
    const float c = 1 + u * (u * ((2.4431205e-5f * u - 1.3887306e-3f) * u + 4.16666457e-2f) - 0.5f);
    return of_bits(bits_of(turn & 1 ? c : s) ^ ((turn & 2) << 30));
}

static inline float Sin(float x) { return sine(x, 0); }
static inline float Cos(float x) { return sine(x, 1); }
/* To the nearest bfloat16, ties to even; NaN stays NaN. */
static inline Half to_half(float x)
{
    const unsigned bits = bits_of(x);
    const unsigned rounded = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16;
    return (Half)(x == x ? rounded : 0x7fc0u);
}

static inline float Rsqrt(float x) { return 1 / __builtin_sqrtf(x); }

#endif
