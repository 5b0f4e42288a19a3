#pragma once

#include <concepts>
#include <exception>
#include <utility>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// Describes one type of native handle: its empty value and how to destroy it.
template <typename T>
concept HandleTraits = requires(typename T::Native native, bool unwinding) {
  { T::empty() }
  noexcept->std::same_as<typename T::Native>;
  { T::destroy(native, unwinding) }
  noexcept;
};

/// The owner of one native handle: move-only, empty after a move. Every resource of an adapter is one of
/// these.
/// @tparam Traits `destroy` is told whether an exception is unwinding the stack: a collective call could then
/// wait for
///         ranks that never make it
template <HandleTraits Traits>
class UniqueHandle {
 public:
  /// The handle type of the adapted library.
  using Native = typename Traits::Native;

  /// Owns nothing.
  UniqueHandle() noexcept = default;
  UniqueHandle(const UniqueHandle&) = delete;
  UniqueHandle& operator=(const UniqueHandle&) = delete;
  /// Takes over the handle of another owner, which is empty afterwards.
  UniqueHandle(UniqueHandle&& other) noexcept : native_(other.release()) {}
  /// Destroys the own handle and takes over that of another owner.
  UniqueHandle& operator=(UniqueHandle&& other) noexcept {
    if (this != &other) {
      reset();
      native_ = other.release();
    }
    return *this;
  }
  ~UniqueHandle() { reset(); }

  /// Takes over a handle that the caller owns.
  [[nodiscard]] static UniqueHandle from_native_handle(Native native) noexcept {
    UniqueHandle result;
    result.native_ = native;
    return result;
  }

  /// The handle, which this object still owns.
  [[nodiscard]] Native native() const noexcept { return native_; }
  /// Whether it owns no handle.
  [[nodiscard]] bool is_empty() const noexcept { return native_ == Traits::empty(); }

  /// Gives the handle to the caller.
  [[nodiscard]] Native release() noexcept { return std::exchange(native_, Traits::empty()); }

  /// Destroys the handle, if there is one.
  void reset() noexcept {
    if (is_empty()) return;
    Traits::destroy(release(), std::uncaught_exceptions() > exceptions_at_birth_);
  }

 private:
  Native native_ = Traits::empty();
  int exceptions_at_birth_ = std::uncaught_exceptions();
};

}  // namespace rankmesh
