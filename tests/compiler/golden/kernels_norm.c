/*
 * h_t = LayerNorm(PosEnc(Add(Linear(h_tm1), Mult(x_t, c_tm1)))); c_t = x_t
 *
 * sequence:
 *     %0 = x_t
 * step:
 *     %1 = h_tm1
 *     %2 = c_tm1
 *   products (%1) -> (%3):
 *     %3 = product %1 [w0 + b0]
 *   region (%0, %2, %3) -> (%7):
 *     %4 = Mult %0, %2
 *     %5 = Add %3, %4
 *     %6 = PosEnc %5
 *     %7 = LayerNorm %6
 * yield h = %7, c = %0
 */
void step_4(const Slot *slots, long t, long first, long last, long width,
            real *scratch)
{
    for (long b = first; b < last; b++) {
        const real *restrict V0 = row(&slots[0], t, b);
        const real *restrict V2 = row(&slots[11], t, b);
        const real *restrict V3 = row(&slots[12], t, b);
        const real *restrict POSITION = row(&slots[2], t, b);
        real *restrict V7 = row(&slots[4], t, b);
        real *restrict W0 = scratch + 0 * width;
        real *restrict W1 = scratch + 1 * width;
        real sum7 = 0;
        #pragma omp simd reduction(+ : sum7)
        for (long j = 0; j < width; j++) {
            const real v4 = V0[j] * V2[j]; /* %4 = Mult %0, %2 */
            const real v5 = V3[j] + v4; /* %5 = Add %3, %4 */
            const real v6 = v5 + POSITION[j]; /* %6 = PosEnc %5 */
            W0[j] = v6;
            sum7 += v6;
        }
        const real s7 = sum7 / width;
        real sum10 = 0;
        #pragma omp simd reduction(+ : sum10)
        for (long j = 0; j < width; j++) {
            const real s8 = W0[j] - s7;
            W1[j] = s8;
            sum10 += (s8 * s8);
        }
        const real s10 = sum10 / width;
        const real s12 = s10 + (real)1e-05;
        const real s13 = Rsqrt(s12);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real v7 = W1[j] * s13; /* %7 = LayerNorm %6 */
            V7[j] = v7;
        }
    }
}

void step_8(const Slot *slots, long t, long first, long last, long width,
            real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *restrict V0 = row(&slots[0], t, b);
        real *restrict C_T = row(&slots[8], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            C_T[j] = V0[j];
        }
    }
}

void step_8_gradient(const Slot *slots, long t, long first, long last, long width,
                     real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *restrict DC_T = row(&slots[9], t, b);
        real *restrict D0 = row(&slots[1], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            D0[j] = DC_T[j];
        }
    }
}

void step_4_gradient(const Slot *slots, long t, long first, long last, long width,
                     real *scratch)
{
    for (long b = first; b < last; b++) {
        const real *restrict V0 = row(&slots[0], t, b);
        const real *restrict V2 = row(&slots[11], t, b);
        const real *restrict V3 = row(&slots[12], t, b);
        const real *restrict POSITION = row(&slots[2], t, b);
        const real *restrict DY = row(&slots[3], t, b);
        const real *restrict DH_T = row(&slots[5], t, b);
        real *restrict D0 = row(&slots[1], t, b);
        real *restrict D2 = row(&slots[10], t, b);
        real *restrict D3 = row(&slots[13], t, b);
        real *restrict W0 = scratch + 0 * width;
        real *restrict W1 = scratch + 1 * width;
        real *restrict W2 = scratch + 2 * width;
        real *restrict W3 = scratch + 3 * width;
        real *restrict W4 = scratch + 4 * width;
        real sum7 = 0;
        real sum18 = 0;
        #pragma omp simd reduction(+ : sum7, sum18)
        for (long j = 0; j < width; j++) {
            const real v4 = V0[j] * V2[j]; /* %4 = Mult %0, %2 */
            const real v5 = V3[j] + v4; /* %5 = Add %3, %4 */
            const real v6 = v5 + POSITION[j]; /* %6 = PosEnc %5 */
            W0[j] = v6;
            const real d7 = DY[j] + DH_T[j]; /* gradient by %7 */
            W3[j] = d7;
            sum7 += v6;
            sum18 += d7;
        }
        const real s7 = sum7 / width;
        const real s18 = sum18 / width;
        real sum10 = 0;
        #pragma omp simd reduction(+ : sum10)
        for (long j = 0; j < width; j++) {
            const real s8 = W0[j] - s7;
            W1[j] = s8;
            const real s19 = W3[j] - s18;
            W4[j] = s19;
            sum10 += (s8 * s8);
        }
        const real s10 = sum10 / width;
        const real s12 = s10 + (real)1e-05;
        const real s13 = Rsqrt(s12);
        real sum21 = 0;
        #pragma omp simd reduction(+ : sum21)
        for (long j = 0; j < width; j++) {
            const real v7 = W1[j] * s13; /* %7 = LayerNorm %6 */
            W2[j] = v7;
            sum21 += (W3[j] * v7);
        }
        const real s21 = sum21 / width;
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real d6 = s13 * (W4[j] - (W2[j] * s21)); /* gradient by %6 */
            D0[j] += d6 * V2[j];
            D2[j] = d6 * V0[j];
            D3[j] = d6;
        }
    }
}
