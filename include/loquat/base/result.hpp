#pragma once
#include <boost/system/result.hpp>
#include <source_location>
#include <utility>

#include "loquat/base/error.hpp"

namespace loquat {

/// Called by `Result<T>::value()` on an error: asking for what is not there is a bug.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

template <class T = void>
using Result = boost::system::result<T, Error>;

[[nodiscard]] inline Error fail(Errc code, std::string detail) {
  return Error{code, std::move(detail), {}};
}

}  // namespace loquat
