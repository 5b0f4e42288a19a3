#include "rankmesh/comm/duration_text.hpp"

#include <cstdio>

namespace rankmesh {

std::string duration_text(std::chrono::nanoseconds duration) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(duration).count());
  return text;
}

}  // namespace rankmesh
