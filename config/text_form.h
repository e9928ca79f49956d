// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rstwatch::config {

/// What a text setting must look like.
struct TextForm {
    std::string_view wanted;  ///< what to give instead, as in "give ..."
    /// What is wrong with a text, as in "... has no port"; nothing where it will do.
    std::optional<std::string> (*fault)(std::string_view text);
};

extern const TextForm sensor_name_form;
extern const TextForm listen_form;
extern const TextForm socket_form;
extern const TextForm store_form;
extern const TextForm pci_form;
extern const TextForm interface_form;
extern const TextForm capture_form;
extern const TextForm vdev_form;
extern const TextForm port_list_form;
extern const TextForm file_form;
extern const TextForm cache_form;
extern const TextForm network_list_form;

/// Addresses that begin alike. IPv4 in its IPv4-mapped form (RFC 4291 section 2.5.5.2), prefixes counted accordingly.
struct Network {
    std::array<std::uint8_t, 16> address{};
    unsigned prefix = 0;  ///< bits, up to 128

    bool contains(const std::array<std::uint8_t, 16>& other) const;
};

/// The networks of a text that network_list_form has no fault to find with.
std::vector<Network> networks_of(std::string_view list);

/// The numbers of a text in port_list_form, in their order.
std::vector<std::uint16_t> ports_of(std::string_view list);

}  // namespace rstwatch::config
