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
        const real *V0 = row(&slots[0], t, b);
        const real *V2 = row(&slots[11], t, b);
        const real *V3 = row(&slots[12], t, b);
        const real *POSITION = row(&slots[2], t, b);
        real *V7 = row(&slots[4], t, b);
        real *W0 = scratch + 0 * width;
        real *W1 = scratch + 1 * width;
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
        const real *V0 = row(&slots[0], t, b);
        real *C_T = row(&slots[8], t, b);
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
        const real *DC_T = row(&slots[9], t, b);
        real *D0 = row(&slots[1], t, b);
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
        const real *V0 = row(&slots[0], t, b);
        const real *V2 = row(&slots[11], t, b);
        const real *V3 = row(&slots[12], t, b);
        const real *POSITION = row(&slots[2], t, b);
        const real *V7 = row(&slots[4], t, b);
        const real *DY = row(&slots[3], t, b);
        const real *DH_T = row(&slots[5], t, b);
        real *D0 = row(&slots[1], t, b);
        real *D2 = row(&slots[10], t, b);
        real *D3 = row(&slots[13], t, b);
        real *W0 = scratch + 0 * width;
        real *W1 = scratch + 1 * width;
        real *W2 = scratch + 2 * width;
        real sum11 = 0;
        real sum18 = 0;
        real sum21 = 0;
        #pragma omp simd reduction(+ : sum11, sum18, sum21)
        for (long j = 0; j < width; j++) {
            const real v4 = V0[j] * V2[j]; /* %4 = Mult %0, %2 */
            const real v5 = V3[j] + v4; /* %5 = Add %3, %4 */
            const real v6 = v5 + POSITION[j]; /* %6 = PosEnc %5 */
            W0[j] = v6;
            const real d7 = DY[j] + DH_T[j]; /* gradient of %7 */
            W1[j] = d7;
            sum11 += v6;
            sum18 += d7;
            sum21 += (d7 * V7[j]);
        }
        const real s11 = sum11 / width;
        const real s18 = sum18 / width;
        const real s21 = sum21 / width;
        real sum14 = 0;
        #pragma omp simd reduction(+ : sum14)
        for (long j = 0; j < width; j++) {
            const real s12 = W0[j] - s11;
            const real s23 = (W1[j] - s18) - (V7[j] * s21);
            W2[j] = s23;
            sum14 += (s12 * s12);
        }
        const real s14 = sum14 / width;
        const real s16 = s14 + (real)1e-05;
        const real s17 = Rsqrt(s16);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real d6 = s17 * W2[j]; /* gradient of %6 */
            D0[j] += d6 * V2[j];
            D2[j] = d6 * V0[j];
            D3[j] = d6;
        }
    }
}
