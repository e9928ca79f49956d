// SPDX-License-Identifier: Apache-2.0
#include "tools/rstwatch/table.h"

#include <gtest/gtest.h>

#include <sstream>

#include "tools/rstwatch/csv.h"

namespace rstwatch::cli {
namespace {

Table sample() {
    Table table({{"NAME"}, {"COUNT", Column::Align::right}, {"LAST"}});
    table.add({"a", "1,234 ±5", "x"});
    table.add({"longer", "7"});
    return table;
}

TEST(CliTable, AlignsByCharactersAndTrims) {
    std::ostringstream text;
    Output out(text, false, false);
    sample().write(out, "  ");
    EXPECT_EQ(text.str(),
              "  NAME       COUNT  LAST\n"
              "  a       1,234 ±5  x\n"
              "  longer         7\n");
}

TEST(CliTable, CellsFromTheWireAreEscaped) {
    Table table({{"NAME"}});
    table.add({"evil\x1B[2J\nline", "surplus"});
    std::ostringstream text;
    Output out(text, false, false);
    table.write(out);
    EXPECT_EQ(text.str(), "NAME\nevil\\x1b[2J\\nline\n");
}

TEST(CliTable, ColoursNeedATerminal) {
    std::ostringstream piped;
    Output pipe(piped, false, true);
    sample().write(pipe);
    EXPECT_EQ(piped.str().find('\x1B'), std::string::npos);

    std::ostringstream shown;
    Output terminal(shown, true, true);
    sample().write(terminal);
    EXPECT_TRUE(shown.str().starts_with("\x1B[1mNAME"));
}

TEST(CliCsv, QuotesWhatNeedsIt) {
    EXPECT_EQ(csv_line({"a", "", "b c"}), "a,,b c");
    EXPECT_EQ(csv_line({"a,b", "say \"x\""}), "\"a,b\",\"say \"\"x\"\"\"");
    EXPECT_EQ(csv_line({"two\nlines\x1B"}), "two\\nlines\\x1b");
}

}  // namespace
}  // namespace rstwatch::cli
