#include "device.hpp"

#include <cuda_runtime_api.h>

#include <array>
#include <cstring>
#include <utility>
#include <vector>

namespace rankmesh::nccl {
namespace {

/// The message between the processes of a node.
struct Claim {
  int rank = 0;
  int has_device = 0;
  std::array<char, 16> uuid{};
};

std::string problem_of(const char* call, cudaError_t error) {
  return std::string(call) + " failed: " + cudaGetErrorString(error) + " (code " +
         std::to_string(static_cast<int>(error)) + ")";
}

/// Makes a device the current one and fills in the claim.
DeviceChoice claim_device(int local_rank, const DeviceRequest& request, Claim& claim) {
  int count = 0;
  if (const cudaError_t error = cudaGetDeviceCount(&count); error != cudaSuccess) {
    return {.problem = problem_of("cudaGetDeviceCount", error)};
  }
  if (count == 0) return {.problem = "no GPU is visible to this process"};
  const int device = request.device.value_or(local_rank % count);
  if (device < 0 || device >= count) {
    return {.problem = "device " + std::to_string(device) + " does not exist: this process sees " +
                       std::to_string(count)};
  }
  if (const cudaError_t error = cudaSetDevice(device); error != cudaSuccess) {
    return {.problem = problem_of("cudaSetDevice", error)};
  }
  cudaDeviceProp properties{};
  if (const cudaError_t error = cudaGetDeviceProperties(&properties, device); error != cudaSuccess) {
    return {.problem = problem_of("cudaGetDeviceProperties", error)};
  }
  std::memcpy(claim.uuid.data(), properties.uuid.bytes, claim.uuid.size());
  claim.has_device = 1;
  return {.device = device};
}

std::string uuid_text(const std::array<char, 16>& uuid) {
  constexpr const char* digits = "0123456789abcdef";
  std::string text = "GPU-";
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    const auto byte = static_cast<unsigned char>(uuid[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

}  // namespace

DeviceChoice take_device(const DeviceRequest& request) {
  Claim claim;
  return request.is_needed ? claim_device(0, request, claim)
                           : DeviceChoice{.device = request.device.value_or(0)};
}

DeviceChoice choose_device(Bootstrap& bootstrap, int rank, const DeviceRequest& request) {
  Claim own{.rank = rank};
  DeviceChoice choice;
  std::vector<Bytes> claims;
  const auto claim = [&](int local_rank) {
    choice = request.is_needed ? claim_device(local_rank, request, own)
                               : DeviceChoice{.device = request.device.value_or(local_rank)};
    Bytes bytes(sizeof own);
    std::memcpy(bytes.data(), &own, sizeof own);
    return bytes;
  };
  if (auto why = bootstrap.gather_on_node(claim, claims)) return {.problem = *std::move(why)};

  if (request.allow_shared || own.has_device == 0) return choice;
  for (const Bytes& bytes : claims) {
    Claim other;
    std::memcpy(&other, bytes.data(), sizeof other);
    if (other.rank == rank || other.has_device == 0 || other.uuid != own.uuid) continue;
    choice.problem = "shares " + uuid_text(own.uuid) + " with rank " + std::to_string(other.rank) +
                     ": give each rank a GPU of its own, or allow shared devices";
    return choice;
  }
  return choice;
}

}  // namespace rankmesh::nccl
