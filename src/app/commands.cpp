#include "commands.hpp"

#include <algorithm>
#include <fstream>
#include <functional>
#include <iostream>

#include "loquat/kafka/topics.hpp"
#include "loquat/security/audit_verifier.hpp"
#include "loquat/wire/json.hpp"
#include "loquat/wire/topics.hpp"

namespace loquat::app {

const char* const kCommandsHelp =
    "       loquat audit verify [FILE]         check the audit chains of the topic, or of a file "
    "with "
    "one event a line\n"
    "       loquat dlq list                    show what could never be handled, one JSON a line\n"
    "       loquat dlq replay [PART:OFFSET]... put it back: those named, or all that were not "
    "yet\n";

namespace {

using kafka::DeadLetter;

int failed(const Error& error) {
  std::cerr << error.detail << "\n";
  return 1;
}

/// The configured brokers, or those that a running daemon of this var_dir embeds.
Result<kafka::KafkaConfig> reachable(const Settings& settings) {
  kafka::KafkaConfig config = settings.kafka;
  if (!config.bootstrap_servers.empty()) return config;
  const auto path = std::filesystem::path(settings.process.var_dir) / "loquat.kafka";
  if (std::ifstream file(path); file) std::getline(file, config.bootstrap_servers);
  if (config.bootstrap_servers.empty())
    return fail(Errc::unavailable,
                "No bootstrap servers are set and no daemon runs with this var_dir.");
  return config;
}

Result<std::uint64_t> feed_from_file(const std::string& path, security::AuditVerifier& verifier) {
  std::ifstream file(path);
  if (!file) return fail(Errc::not_found, path + " cannot be read.");
  std::uint64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (!line.empty()) verifier.take(line, "line " + std::to_string(number));
  }
  return number;
}

Result<std::uint64_t> feed_from_topic(const Settings& settings, security::AuditVerifier& verifier) {
  const auto config = reachable(settings);
  if (!config) return config.error();
  const std::string topic(wire::info(wire::Topic::audit).name);
  return kafka::read_topic(*config, topic, [&](kafka::TopicRecord record) {
    verifier.take(record.value, "partition " + std::to_string(record.partition) + " offset " +
                                    std::to_string(record.offset));
  });
}

int verify_audit(const std::vector<std::string>& words, const Settings& settings) {
  security::AuditVerifier verifier;
  const auto fed =
      words.size() > 2 ? feed_from_file(words[2], verifier) : feed_from_topic(settings, verifier);
  if (!fed) return failed(fed.error());
  const auto summary = verifier.finish();
  for (const auto& found : summary.findings)
    std::cout << found.problem << ": tenant " << found.tenant_id << ", writer " << found.writer
              << ", record " << found.seq << ": " << found.detail << "\n";
  std::cout << summary.records << " records in " << summary.chains << " chains, " << summary.copies
            << " copies, " << summary.declared_lost << " declared lost, " << summary.findings.size()
            << " findings\n";
  return summary.findings.empty() ? 0 : 1;
}

std::string place_of(const DeadLetter& letter) {
  return std::to_string(letter.record.partition) + ":" + std::to_string(letter.record.offset);
}

void print(const DeadLetter& letter) {
  std::string text;
  wire::JsonWriter out(text);
  const auto member = [&](std::string_view key, std::string_view value) {
    out.key(key);
    out.value(value);
  };
  out.begin_object();
  member("place", place_of(letter));
  member("source", letter.source());
  member("tenant_id", letter.record.key);
  member("reason", letter.reason());
  member("message", letter.message());
  out.key("replayed");
  out.value(letter.was_replayed);
  member("value", letter.record.value);
  out.end_object();
  std::cout << text << "\n";
}

int list(const std::vector<DeadLetter>& letters) {
  for (const auto& letter : letters) print(letter);
  return 0;
}

int put_back(const std::vector<std::string>& words, const kafka::KafkaConfig& config,
             std::vector<DeadLetter> letters) {
  const std::vector<std::string> wanted(words.begin() + 2, words.end());
  for (const auto& place : wanted)
    if (std::ranges::find(letters, place, place_of) == letters.end())
      return failed(fail(Errc::not_found, "There is no dead letter at " + place + "."));
  std::erase_if(letters, [&](const DeadLetter& letter) {
    return wanted.empty() ? letter.was_replayed
                          : std::ranges::find(wanted, place_of(letter)) == wanted.end();
  });
  const auto done = kafka::replay(config, letters);
  if (!done) return failed(done.error());
  std::cout << letters.size() << " put back\n";
  return 0;
}

int dead_letters(const std::vector<std::string>& words, const Settings& settings) {
  const auto config = reachable(settings);
  if (!config) return failed(config.error());
  auto letters = kafka::list_dead_letters(*config);
  if (!letters) return failed(letters.error());
  if (words[1] == "list") return list(*letters);
  return put_back(words, *config, std::move(*letters));
}

}  // namespace

std::optional<Command> find_command(std::span<const char* const> arguments) {
  Command command;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with("-")) {
      command.words.emplace_back(argument);
      continue;
    }
    command.other_arguments.push_back(arguments[i]);
    if (argument == "--config" && i + 1 < arguments.size())
      command.other_arguments.push_back(arguments[++i]);
  }
  if (command.words.empty() || (command.words[0] != "audit" && command.words[0] != "dlq"))
    return std::nullopt;
  return command;
}

int run_command(const Command& command, Settings& settings) {
  const auto& words = command.words;
  const std::string verb = words[0] + (words.size() > 1 ? " " + words[1] : "");
  if (verb == "audit verify" && words.size() <= 3) return verify_audit(words, settings);
  if ((verb == "dlq list" && words.size() == 2) || verb == "dlq replay")
    return dead_letters(words, settings);
  std::cerr << kCommandsHelp;
  return 2;
}

}  // namespace loquat::app
