// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/completion.h"

#include <CLI/App.hpp>

namespace rstwatch::cli {
namespace {

/// The long options of a command, or the short ones where there is no long one.
std::string options_of(const CLI::App& app) {
    std::string words;
    for (const auto* option : app.get_options()) {
        for (const auto& name : option->get_lnames()) words += " --" + name;
        if (option->get_lnames().empty())
            for (const auto& name : option->get_snames()) words += " -" + name;
    }
    return words;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
    std::string commands;
    std::string cases;
    for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        commands += (commands.empty() ? "" : " ") + command->get_name();
        cases += "            " + command->get_name() + ") words=\"" + options_of(*command) + "\"; break ;;\n";
    }
    return "# bash completion for rstwatch: source <(rstwatch completion bash)\n"
           "_rstwatch() {\n"
           "    local current=\"${COMP_WORDS[COMP_CWORD]}\" words=\"" +
           commands +
           "\" word\n"
           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
           "        case \"$word\" in\n" +
           cases +
           "        esac\n"
           "    done\n"
           "    COMPREPLY=($(compgen -W \"$words" +
           options_of(app) +
           "\" -- \"$current\"))\n"
           "}\n"
           "complete -o default -F _rstwatch rstwatch\n";
}

}  // namespace rstwatch::cli
