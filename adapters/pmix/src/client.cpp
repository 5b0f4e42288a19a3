#include "client.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <exception>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "rankmesh/pmix/error.hpp"

namespace rankmesh::pmix {
namespace {

/// After so many seconds PMIx gives a get up.
constexpr int seconds_for_a_get = 10;
/// The server may forget the values of a process that has ended: so long it stays for others to read them.
constexpr auto longest_stay = std::chrono::seconds(3);

void require_success(pmix_status_t status, const char* call) {
  if (status != PMIX_SUCCESS) throw PmixError({.call = call, .code = status});
}

/// The key under which a job of before says how many sessions there were.
std::string key_of_job(int number) {
  return "rankmesh.job." + std::to_string(number);
}

/// A value that PMIx knows of the whole job, from the memory of this process.
pmix_value_t* value_of_job(const pmix_proc_t& self, const char* key) {
  pmix_proc_t all;
  PMIX_LOAD_PROCID(&all, self.nspace, PMIX_RANK_WILDCARD);
  pmix_info_t only_here;
  bool yes = true;
  PMIX_INFO_LOAD(&only_here, PMIX_OPTIONAL, &yes, PMIX_BOOL);
  pmix_value_t* value = nullptr;
  const pmix_status_t status = PMIx_Get(&all, key, &only_here, 1, &value);
  PMIX_INFO_DESTRUCT(&only_here);
  return status == PMIX_SUCCESS ? value : nullptr;
}

int job_size(const pmix_proc_t& self) {
  int size = 0;
  if (pmix_value_t* value = value_of_job(self, PMIX_JOB_SIZE)) {
    if (value->type == PMIX_UINT32) size = static_cast<int>(value->data.uint32);
    PMIX_VALUE_RELEASE(value);
  }
  return size;
}

/// The numbers of a list with commas.
std::vector<int> numbers_of(std::string_view text) {
  std::vector<int> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    int number = 0;
    const auto [next, problem] = std::from_chars(at, end, number);
    if (problem == std::errc()) numbers.push_back(number);
    at = next < end ? next + 1 : end;
  }
  return numbers;
}

std::vector<int> ranks_on_this_node(const pmix_proc_t& self) {
  std::vector<int> ranks;
  if (pmix_value_t* value = value_of_job(self, PMIX_LOCAL_PEERS)) {
    if (value->type == PMIX_STRING) ranks = numbers_of(value->data.string);
    PMIX_VALUE_RELEASE(value);
  }
  const int own = static_cast<int>(self.rank);
  if (std::find(ranks.begin(), ranks.end(), own) == ranks.end()) ranks.push_back(own);
  std::sort(ranks.begin(), ranks.end());
  return ranks;
}

}  // namespace

/// A get under way. PMIx reads all of it until it has answered, the key too.
struct Client::Request {
  /// @param is_here whether the rank is on this node, whose server then answers from what it has
  Request(std::shared_ptr<Replies> to, const pmix_proc_t& self, int rank, std::string of, bool is_here)
      : replies(std::move(to)),
        from(rank),
        key(std::move(of)) {
    PMIX_LOAD_PROCID(&process, self.nspace, static_cast<pmix_rank_t>(rank));
    bool yes = true;
    int seconds = seconds_for_a_get;
    // Without it, PMIx looks at the values of a rank on another node once only.
    PMIX_INFO_LOAD(&info[0], PMIX_GET_REFRESH_CACHE, &yes, PMIX_BOOL);
    if (is_here) {
      PMIX_INFO_LOAD(&info[1], PMIX_IMMEDIATE, &yes, PMIX_BOOL);
    } else {
      PMIX_INFO_LOAD(&info[1], PMIX_TIMEOUT, &seconds, PMIX_INT);
    }
  }

  std::shared_ptr<Replies> replies;
  int from;
  std::string key;
  pmix_proc_t process{};
  std::array<pmix_info_t, 2> info{};
};

void Replies::add(Reply reply) {
  const std::lock_guard lock(mutex_);
  arrived_.push_back(std::move(reply));
}

std::vector<Reply> Replies::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(arrived_, {});
}

Client::Client() : ends_pmix_(PMIx_Initialized() == 0) {
  if (const pmix_status_t status = PMIx_Init(&self_, nullptr, 0); status != PMIX_SUCCESS) {
    throw PmixError({.call = "PMIx_Init",
                     .code = status,
                     .hint = "start the job with a launcher that has PMIx: srun --mpi=pmix, prterun, or the "
                             "mpiexec of Open MPI"});
  }
  size_ = job_size(self_);
  ranks_of_node_ = ranks_on_this_node(self_);
  while (const std::optional<Bytes> sessions = own_value(key_of_job(jobs_before_))) {
    ++jobs_before_;
    if (sessions->size() == sizeof next_session_) {
      std::memcpy(&next_session_, sessions->data(), sizeof next_session_);
    }
  }
}

Client::~Client() {
  if (ends_pmix_) stay();
  try {
    const auto sessions = std::as_bytes(std::span(&next_session_, 1));
    put(key_of_job(jobs_before_), Bytes(sessions.begin(), sessions.end()));
  } catch (const std::exception&) {
    // The server of this node is gone.
  }
  PMIx_Finalize(nullptr, 0);
}

std::optional<Bytes> Client::own_value(const std::string& key) const {
  const auto replies = std::make_shared<Replies>();
  ask(rank(), key, replies);
  // The server of this node answers at once, also where there is no value.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_for_a_get);
  while (std::chrono::steady_clock::now() < until) {
    for (const Reply& reply : replies->take()) return reply.bytes;
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return std::nullopt;
}

void Client::stay() const {
  if (!last_put_) return;
  const auto until = *last_put_ + longest_stay;
  const auto are_here = std::make_shared<std::atomic<bool>>(false);
  auto mine = std::make_unique<std::shared_ptr<std::atomic<bool>>>(are_here);
  const auto note = [](pmix_status_t /*status*/, void* data) {
    const std::unique_ptr<std::shared_ptr<std::atomic<bool>>> own(
        static_cast<std::shared_ptr<std::atomic<bool>>*>(data));
    **own = true;
  };
  if (PMIx_Fence_nb(nullptr, 0, nullptr, 0, note, mine.get()) == PMIX_SUCCESS) {
    static_cast<void>(mine.release());
  }
  while (!*are_here && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Client::put(const std::string& key, Bytes bytes) {
  pmix_value_t value;
  PMIX_VALUE_CONSTRUCT(&value);
  value.type = PMIX_BYTE_OBJECT;
  // PMIx copies them.
  value.data.bo.bytes = reinterpret_cast<char*>(bytes.data());
  value.data.bo.size = bytes.size();
  require_success(PMIx_Put(PMIX_GLOBAL, key.c_str(), &value), "PMIx_Put");
  require_success(PMIx_Commit(), "PMIx_Commit");
  last_put_ = std::chrono::steady_clock::now();
}

void Client::take_value(pmix_status_t status, pmix_value_t* value, void* request) {
  const std::unique_ptr<Request> own(static_cast<Request*>(request));
  Reply reply{.from = own->from};
  if (status == PMIX_SUCCESS && value != nullptr && value->type == PMIX_BYTE_OBJECT) {
    const auto bytes = std::as_bytes(std::span(value->data.bo.bytes, value->data.bo.size));
    reply.bytes.emplace(bytes.begin(), bytes.end());
  }
  own->replies->add(std::move(reply));
}

void Client::ask(int rank, const std::string& key, const std::shared_ptr<Replies>& replies) const {
  const bool is_here = std::binary_search(ranks_of_node_.begin(), ranks_of_node_.end(), rank);
  auto request = std::make_unique<Request>(replies, self_, rank, key, is_here);
  const pmix_status_t status = PMIx_Get_nb(&request->process, request->key.c_str(), request->info.data(),
                                           request->info.size(), &Client::take_value, request.get());
  if (status == PMIX_SUCCESS) {
    // `take_value` deletes it.
    static_cast<void>(request.release());
    return;
  }
  if (status != PMIX_ERR_NOT_FOUND) require_success(status, "PMIx_Get_nb");
  replies->add({.from = rank});
}

}  // namespace rankmesh::pmix
