// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "control/alert/notice.h"

namespace rstwatch::control {

/// Severity as syslog numbers it (RFC 5424, section 6.2.1): 2 critical, 3 error, 4 warning; 5 for what needs nobody.
int syslog_severity(const AlertNotice& notice);

/// One message of RFC 5424, at most 2048 bytes: <28>1 TIME SENSOR rstwatchd PID fired - error incoming 10.0.0.1:80: …
std::string syslog_message(const AlertNotice& notice, const std::string& sensor);

/// One entry in the journal's own protocol (https://systemd.io/JOURNAL_NATIVE_PROTOCOL/).
std::string journal_entry(const AlertNotice& notice, const std::string& sensor);

}  // namespace rstwatch::control
