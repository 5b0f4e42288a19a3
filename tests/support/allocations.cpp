#include "support/allocations.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace rankmesh::tests {
namespace {

std::atomic<long> allocations{0};
std::atomic<long long> bytes{0};
/// 0 if none fails.
thread_local int allocations_until_failure = 0;

void* allocated_or_null(std::size_t size) noexcept {
  ++allocations;
  bytes += static_cast<long long>(size);
  if (allocations_until_failure > 0 && --allocations_until_failure == 0) return nullptr;
  return std::malloc(size == 0 ? 1 : size);
}

void* allocated(std::size_t size) {
  if (void* memory = allocated_or_null(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

long allocation_count() noexcept {
  return allocations;
}

long long allocated_bytes() noexcept {
  return bytes;
}

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
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return rankmesh::tests::allocated_or_null(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return rankmesh::tests::allocated_or_null(size);
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
