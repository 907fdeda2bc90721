#include "kernels/window_row_inl.h"  // compiled here with this folder's instruction set
