/*
 * o = Sigmoid(Linear(x_t, h_tm1));
 * f = Sigmoid(Linear(x_t, h_tm1));
 * i = Sigmoid(Linear(x_t, h_tm1));
 * g = Tanh(Linear(x_t, h_tm1));
 * c_t = Add(Mult(c_tm1, f), Mult(i, g));
 * h_t = Mult(o, Tanh(c_t))
 *
 * sequence:
 *     %0 = x_t
 *   products (%0) -> (%2, %3, %4, %5):
 *     %1 = product %0 [w0 + b0, w2 + b1, w4 + b2, w6 + b3]
 *     %2 = block %1 [0]
 *     %3 = block %1 [1]
 *     %4 = block %1 [2]
 *     %5 = block %1 [3]
 * step:
 *     %6 = h_tm1
 *     %7 = c_tm1
 *   products (%2, %3, %4, %5, %6) -> (%9, %10, %11, %12):
 *     %8 = product %6 [w1 + %2, w3 + %3, w5 + %4, w7 + %5]
 *     %9 = block %8 [0]
 *     %10 = block %8 [1]
 *     %11 = block %8 [2]
 *     %12 = block %8 [3]
 *   region (%7, %9, %10, %11, %12) -> (%19, %21):
 *     %13 = Sigmoid %9
 *     %14 = Sigmoid %10
 *     %15 = Mult %7, %14
 *     %16 = Sigmoid %11
 *     %17 = Tanh %12
 *     %18 = Mult %16, %17
 *     %19 = Add %15, %18
 *     %20 = Tanh %19
 *     %21 = Mult %13, %20
 * yield h = %21, c = %19
 */
void step_13(const Slot *slots, long t, long first, long last, long width,
             real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *V7 = row(&slots[21], t, b);
        const real *V9 = row(&slots[22], t, b);
        const real *V10 = row(&slots[23], t, b);
        const real *V11 = row(&slots[24], t, b);
        const real *V12 = row(&slots[25], t, b);
        real *V13 = row(&slots[30], t, b);
        real *V14 = row(&slots[31], t, b);
        real *V16 = row(&slots[32], t, b);
        real *V17 = row(&slots[33], t, b);
        real *V19 = row(&slots[18], t, b);
        real *V21 = row(&slots[14], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real v13 = Sigmoid(V9[j]); /* %13 = Sigmoid %9 */
            const real v14 = Sigmoid(V10[j]); /* %14 = Sigmoid %10 */
            const real v15 = V7[j] * v14; /* %15 = Mult %7, %14 */
            const real v16 = Sigmoid(V11[j]); /* %16 = Sigmoid %11 */
            const real v17 = Tanh(V12[j]); /* %17 = Tanh %12 */
            const real v18 = v16 * v17; /* %18 = Mult %16, %17 */
            const real v19 = v15 + v18; /* %19 = Add %15, %18 */
            const real v20 = Tanh(v19); /* %20 = Tanh %19 */
            const real v21 = v13 * v20; /* %21 = Mult %13, %20 */
            V13[j] = v13;
            V14[j] = v14;
            V16[j] = v16;
            V17[j] = v17;
            V19[j] = v19;
            V21[j] = v21;
        }
    }
}

void step_13_gradient(const Slot *slots, long t, long first, long last, long width,
                      real *scratch)
{
    (void)scratch;
    for (long b = first; b < last; b++) {
        const real *V7 = row(&slots[21], t, b);
        const real *V13 = row(&slots[30], t, b);
        const real *V14 = row(&slots[31], t, b);
        const real *V16 = row(&slots[32], t, b);
        const real *V17 = row(&slots[33], t, b);
        const real *V19 = row(&slots[18], t, b);
        const real *DC_T = row(&slots[19], t, b);
        const real *DY = row(&slots[3], t, b);
        const real *DH_T = row(&slots[15], t, b);
        real *D7 = row(&slots[20], t, b);
        real *D9 = row(&slots[26], t, b);
        real *D10 = row(&slots[27], t, b);
        real *D11 = row(&slots[28], t, b);
        real *D12 = row(&slots[29], t, b);
        #pragma omp simd
        for (long j = 0; j < width; j++) {
            const real v20 = Tanh(V19[j]); /* %20 = Tanh %19 */
            const real d21 = DY[j] + DH_T[j]; /* gradient of %21 */
            const real d13 = d21 * v20; /* gradient of %13 */
            const real d20 = d21 * V13[j]; /* gradient of %20 */
            const real d19 = DC_T[j] + (d20 * (1 - (v20 * v20))); /* gradient of %19 */
            const real d16 = d19 * V17[j]; /* gradient of %16 */
            const real d17 = d19 * V16[j]; /* gradient of %17 */
            const real d14 = d19 * V7[j]; /* gradient of %14 */
            D7[j] = d19 * V14[j];
            D9[j] = (d13 * V13[j]) * (1 - V13[j]);
            D10[j] = (d14 * V14[j]) * (1 - V14[j]);
            D11[j] = (d16 * V16[j]) * (1 - V16[j]);
            D12[j] = d17 * (1 - (V17[j] * V17[j]));
        }
    }
}
