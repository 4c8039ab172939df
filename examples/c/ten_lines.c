#include <fastact/activations.h>
#include <stdio.h>

int main(void) {
    for (int i = -8; i <= 8; ++i) {
        const double x = 0.5 * i;
        printf("%a %a %a\n", x, fastact_gelu_f64(x), fastact_gelu_derivative_f64(x));
    }
    return 0;
}
