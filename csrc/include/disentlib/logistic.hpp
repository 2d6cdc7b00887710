// Logistic regressions of either kind, with the widest lanes that the processor has.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "disentlib/lanes.hpp"
#include "disentlib/logistic_problem.hpp"
#include "disentlib/multinomial.hpp"
#include "disentlib/one_vs_rest.hpp"

namespace disentlib {

enum class LogisticKind { kOneVsRest, kMultinomial };

// A part of the work that can be done on its own: some classes, or all of them.
struct LogisticTask {
  std::size_t first;
  std::size_t classes;
};

inline std::size_t lanes_in_use() { return has_avx2() ? 4 : 2; }

inline std::vector<LogisticTask> logistic_tasks(LogisticKind kind, std::size_t classes) {
  if (kind == LogisticKind::kMultinomial) return {{0, classes}};
  std::vector<LogisticTask> tasks;
  for (std::size_t first = 0; first < classes; first += lanes_in_use()) {
    tasks.push_back({first, std::min(lanes_in_use(), classes - first)});
  }
  return tasks;
}

template <std::size_t kWidth>
inline void fit_logistic_lanes(const LogisticProblem& problem, LogisticKind kind,
                               const LogisticTask& task, double* coefficients) {
  if (kind == LogisticKind::kMultinomial && problem.classes == 2) {
    // One penalised line between two classes, as everybody has it, and half of it for each.
    const std::size_t columns = problem.design.columns();
    OneVsRest<kWidth>(problem, 1).fit(coefficients + columns);
    for (std::size_t j = 0; j < columns; ++j) {
      coefficients[columns + j] /= 2;
      coefficients[j] = -coefficients[columns + j];
    }
  } else if (kind == LogisticKind::kMultinomial) {
    Multinomial<kWidth>(problem).fit(coefficients);
  } else {
    OneVsRest<kWidth>(problem, task.first).fit(coefficients);
  }
}

#ifdef DISENTLIB_AVX2
DISENTLIB_AVX2 inline void fit_logistic_avx2(const LogisticProblem& problem, LogisticKind kind,
                                             const LogisticTask& task, double* coefficients) {
  fit_logistic_lanes<4>(problem, kind, task, coefficients);
}
#endif

// Writes (design.columns()) coefficients, the intercept last, of each of the task's classes.
inline void fit_logistic(const LogisticProblem& problem, LogisticKind kind,
                         const LogisticTask& task, double* coefficients) {
#ifdef DISENTLIB_AVX2
  if (has_avx2()) return fit_logistic_avx2(problem, kind, task, coefficients);
#endif
  fit_logistic_lanes<2>(problem, kind, task, coefficients);
}

}  // namespace disentlib
