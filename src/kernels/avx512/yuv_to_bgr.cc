#include "kernels/yuv_to_bgr_inl.h"  // compiled here with this folder's instruction set
