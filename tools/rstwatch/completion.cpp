// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/completion.h"

#include <CLI/App.hpp>
#include <algorithm>
#include <vector>

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

using Apps = std::vector<const CLI::App*>;

Apps commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App*) { return true; });
}

std::string bash_completion(const CLI::App& app) {
    std::string commands;
    std::string cases;
    for (const auto* command : commands_of(app)) {
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

/// The values that an option takes, with blanks between; empty where they are no list. CLI11 keeps what an option is
/// checked for in the name of its type: "TEXT:{table,json}".
std::string values_of(const CLI::Option& option) {
    const auto type = option.get_type_name();
    const auto begin = type.find('{');
    const auto end = type.find('}', begin);
    if (begin == std::string::npos || end == std::string::npos) return {};
    auto values = type.substr(begin + 1, end - begin - 1);
    std::replace(values.begin(), values.end(), ',', ' ');
    return values;
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

/// `text` with a backslash before each of `special`, in single quotes. A quote within would end it in zsh, whatever is
/// before it, so it becomes another character.
std::string quoted(const std::string& text, std::string_view special) {
    std::string words = "'";
    for (const char c : text) {
        if (special.find(c) != std::string_view::npos) words += '\\';
        words += c == '\'' ? '`' : c;
    }
    return words + "'";
}

/// Only analyze reads files.
bool is_file(const CLI::Option& option) {
    return option.get_name() == "FILE";
}

/// The specifications of an option for _arguments of zsh, one for each of its names.
std::string zsh_option(const CLI::Option& option) {
    if (option.get_positional()) {
        return " '*:" + option.get_name() + ":" + (is_file(option) ? "_files" : "(" + values_of(option) + ")") + "'";
    }
    const auto value = takes_value(option) ? ":value:(" + values_of(option) + ")" : "";
    std::string words;
    const auto add = [&](const std::string& name) {
        words += " " + quoted(name + "[" + option.get_description() + "]" + value, "\\");
    };
    for (const auto& name : option.get_snames()) add("-" + name);
    for (const auto& name : option.get_lnames()) add("--" + name);
    return words;
}

std::string zsh_options(const CLI::App& app, const CLI::Option* except = nullptr) {
    std::string words;
    for (const auto* option : app.get_options())
        if (option != except) words += zsh_option(*option);
    return words;
}

std::string zsh_completion(const CLI::App& app) {
    std::string commands;
    std::string cases;
    for (const auto* command : commands_of(app)) {
        commands += " " + command->get_name() + quoted(":" + command->get_description(), "\\");
        cases += "            " + command->get_name() + ") _arguments" + zsh_options(*command) +
                 zsh_options(app, app.get_help_ptr()) + " ;;\n";
    }
    return "#compdef rstwatch\n"
           "# zsh completion for rstwatch: source <(rstwatch completion zsh), or as _rstwatch in a directory of "
           "$fpath\n"
           "_rstwatch() {\n"
           "    local curcontext=\"$curcontext\" state line\n"
           "    local -a commands\n"
           "    typeset -A opt_args\n"
           "    commands=(" +
           commands +
           ")\n"
           "    _arguments -C" +
           zsh_options(app) +
           " '1:command:->command' '*::argument:->argument' && return\n"
           "    case $state in\n"
           "        command) _describe command commands ;;\n"
           "        argument) case $words[1] in\n" +
           cases +
           "        esac ;;\n"
           "    esac\n"
           "}\n"
           "if [[ $funcstack[1] == _rstwatch ]]; then _rstwatch \"$@\"; else compdef _rstwatch rstwatch; fi\n";
}

/// One line of fish for an option, where `condition` holds.
std::string fish_option(const CLI::Option& option, const std::string& condition) {
    const auto values = values_of(option);
    auto line = "complete -c rstwatch" + condition;
    if (option.get_positional()) return is_file(option) ? line + " -F\n" : line + " -a '" + values + "'\n";
    for (const auto& name : option.get_snames()) line += " -s " + name;
    for (const auto& name : option.get_lnames()) line += " -l " + name;
    if (takes_value(option)) line += values.empty() ? " -r" : " -x -a '" + values + "'";
    return line + " -d " + quoted(option.get_description(), "\\") + "\n";
}

std::string fish_completion(const CLI::App& app) {
    std::string script =
        "# fish completion for rstwatch: rstwatch completion fish | source\n"
        "complete -c rstwatch -f\n";
    for (const auto* option : app.get_options()) script += fish_option(*option, "");
    for (const auto* command : commands_of(app)) {
        script += "complete -c rstwatch -n __fish_use_subcommand -a " + command->get_name() + " -d " +
                  quoted(command->get_description(), "\\") + "\n";
        const auto condition = " -n '__fish_seen_subcommand_from " + command->get_name() + "'";
        for (const auto* option : command->get_options()) script += fish_option(*option, condition);
    }
    return script;
}

}  // namespace

std::string completion_script(const CLI::App& app, std::string_view shell) {
    if (shell == "bash") return bash_completion(app);
    if (shell == "zsh") return zsh_completion(app);
    return shell == "fish" ? fish_completion(app) : std::string();
}

}  // namespace rstwatch::cli
