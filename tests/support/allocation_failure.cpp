#include "support/allocation_failure.hpp"

#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace rankmesh::tests {
namespace {

/// 0 if none fails.
thread_local int allocations_until_failure = 0;

void* allocated(std::size_t size) {
  if (allocations_until_failure > 0 && --allocations_until_failure == 0) throw std::bad_alloc();
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

int fail_allocation(int nth) noexcept {
  return std::exchange(allocations_until_failure, nth);
}

}  // namespace rankmesh::tests

void* operator new(std::size_t size) {
  return rankmesh::tests::allocated(size);
}
void* operator new[](std::size_t size) {
  return rankmesh::tests::allocated(size);
}
// These too, since the memory is released by the functions below: std::stable_sort calls them.
void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
  try {
    return rankmesh::tests::allocated(size);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void* operator new[](std::size_t size, const std::nothrow_t& tag) noexcept {
  return operator new(size, tag);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
