#include "kernels/bgr_pixels_inl.h"  // compiled here with this folder's instruction set
