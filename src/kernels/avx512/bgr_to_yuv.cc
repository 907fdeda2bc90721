#include "kernels/bgr_to_yuv_inl.h"  // compiled here with this folder's instruction set
