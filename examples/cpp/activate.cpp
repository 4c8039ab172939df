// Prints mish(x) and its derivative of the numbers given as arguments; the loops over the formulas vectorise.
#include <fastact/activations.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int count, char **arguments) {
    std::vector<float> x, y, slope;
    for (int i = 1; i < count; ++i) x.push_back(std::strtof(arguments[i], nullptr));
    y.resize(x.size());
    slope.resize(x.size());
    std::transform(x.begin(), x.end(), y.begin(), [](float at) { return fastact_mish_f32(at); });
    std::transform(x.begin(), x.end(), slope.begin(), [](float at) { return fastact_mish_derivative_f32(at); });
    for (std::size_t i = 0; i < x.size(); ++i)
        std::printf("%a %a %a\n", static_cast<double>(x[i]), static_cast<double>(y[i]), static_cast<double>(slope[i]));
}
