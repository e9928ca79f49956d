// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "dataplane/port/failure.h"

namespace rstwatch::port {

/// Whether DPDK can take the PCI device, as far as the kernel tells beforehand: it is there, bound to a driver that
/// hands it out, behind an IOMMU, and this process may open it.
Failure check_pci(const std::string& address, const std::string& sysfs = "/sys", const std::string& dev = "/dev");

}  // namespace rstwatch::port
