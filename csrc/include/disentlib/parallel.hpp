// Independent tasks on a few threads. Each task writes only its own results, so that the answer
// never depends on how many threads there are.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace disentlib {

// More threads than this bring nothing on any machine, and a slip should not start millions.
constexpr std::size_t kMostThreads = 256;

// Calls task(0) ... task(count - 1), each once; the first exception is thrown on.
template <typename Task>
void parallel_for(std::size_t count, std::size_t threads, const Task& task) {
  threads = std::min({threads, count, kMostThreads});
  if (threads <= 1) {
    for (std::size_t i = 0; i < count; ++i) task(i);
    return;
  }
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex guard;
  const auto work = [&] {
    try {
      for (std::size_t i = next++; i < count; i = next++) task(i);
    } catch (...) {
      const std::lock_guard<std::mutex> lock(guard);
      if (!failure) failure = std::current_exception();
      next = count;
    }
  };
  std::vector<std::thread> helpers;
  helpers.reserve(threads - 1);
  try {
    for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  } catch (const std::system_error&) {
    // The system has no more threads to give: those that started do the work.
  }
  work();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace disentlib
