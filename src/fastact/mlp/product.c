/*
 * The products of product.h for float and double, as functions that _ops.pyx calls. A file of its own because it is
 * compiled without the copying of loop headers, which other loops need to be vectorised.
 */
#define FASTACT_PRODUCT_REAL float
#define FASTACT_PRODUCT_SUFFIX f32
#include "product.h"
#define FASTACT_PRODUCT_REAL double
#define FASTACT_PRODUCT_SUFFIX f64
#include "product.h"

const int fastact_product_vector_bytes = FASTACT_VECTOR_BYTES;
const int fastact_product_tile_vectors = FASTACT_TILE_VECTORS;
