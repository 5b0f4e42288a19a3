#pragma once

#include <concepts>
#include <exception>
#include <utility>

#include "rankmesh/comm/export.hpp"

namespace RANKMESH_COMM_API rankmesh {

/// What is special about one type of native handle.
template <typename T>
concept HandleTraits = requires(typename T::Native native, bool unwinding) {
  { T::empty() }
  noexcept->std::same_as<typename T::Native>;
  { T::destroy(native, unwinding) }
  noexcept;
};

/// The owner of one native handle: move-only, empty after a move. Every resource of an adapter is one of
/// these.
/// @tparam Traits says what is empty and how to destroy; `destroy` learns whether an exception is unwinding
/// the
///         stack, when a collective call would wait for ranks that never come
template <HandleTraits Traits>
class UniqueHandle {
 public:
  /// What the library underneath calls it.
  using Native = typename Traits::Native;

  /// Owns nothing.
  UniqueHandle() noexcept = default;
  UniqueHandle(const UniqueHandle&) = delete;
  UniqueHandle& operator=(const UniqueHandle&) = delete;
  /// Takes it over; the other is empty then.
  UniqueHandle(UniqueHandle&& other) noexcept : native_(other.release()) {}
  /// Frees what is held, and takes over.
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

  /// The handle, which stays owned here.
  [[nodiscard]] Native native() const noexcept { return native_; }
  /// Whether nothing is held.
  [[nodiscard]] bool is_empty() const noexcept { return native_ == Traits::empty(); }

  /// Gives the handle up: the caller owns it now.
  [[nodiscard]] Native release() noexcept { return std::exchange(native_, Traits::empty()); }

  /// Destroys what is owned.
  void reset() noexcept {
    if (is_empty()) return;
    Traits::destroy(release(), std::uncaught_exceptions() > exceptions_at_birth_);
  }

 private:
  Native native_ = Traits::empty();
  int exceptions_at_birth_ = std::uncaught_exceptions();
};

}  // namespace rankmesh
