// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/command_line.h"

int main(int argc, char** argv) {
    return rstwatch::cli::run(argc, argv);
}
