// Which of the mesh's 468 points are where in a face.
#pragma once

#include <cstddef>

#include "face/landmarker.h"

namespace lips {

inline constexpr size_t kMeshPoints = 468;
inline constexpr size_t kMeshEyeLeft = 33;  // outer corners, as seen in the picture
inline constexpr size_t kMeshEyeRight = 263;

// Points 227 and 356 stand in for L[1] and L[31] of the 110-point rule, 195 for L[52].
LandmarkScheme MeshScheme();

}  // namespace lips
