#pragma once

/// The only room that knows every other: reads settings, builds, wires, starts, stops, drains.
namespace loquat::app {

/// The whole program. Out: 0 after an orderly end, 1 for wrong settings or a failed start, 2 for a
/// wrong argument.
[[nodiscard]] int run(int argc, const char* const* argv);

}  // namespace loquat::app
