// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/identify_examples.h"

#include <cstdint>

namespace rstwatch::identify::test {
namespace {

using namespace std::string_literals;

std::string byte(std::size_t value) {
    return std::string(1, static_cast<char>(value));
}
std::string two(std::size_t value) {
    return byte(value >> 8) + byte(value & 0xff);
}
std::string four(std::size_t value) {
    return two(value >> 16) + two(value & 0xffff);
}
/// With its length in front of it.
std::string with_length16(const std::string& text) {
    return two(text.size()) + text;
}
std::string with_length32(const std::string& text) {
    return four(text.size()) + text;
}
std::string zeros(std::size_t count) {
    return std::string(count, '\0');
}

std::string handshake(std::uint8_t type, const std::string& body) {
    const std::string message = byte(type) + byte(0) + with_length16(body);
    return "\x16\x03\x01"s + with_length16(message);
}

std::string extension(std::uint16_t type, const std::string& content) {
    return two(type) + with_length16(content);
}

std::string http_answer(const std::string& fields) {
    return "HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 10:00:00 GMT\r\n" + fields + "\r\n{}";
}

/// MongoDB: length, request id, the request that it answers, operation; all little-endian.
std::string mongo(const std::string& answers, const std::string& operation) {
    return "\x3a\x00\x00\x00"s + "\x01\x00\x00\x00"s + answers + operation + zeros(5) + "\x24\x00\x00\x00\x02"s +
           "hello";
}

const std::string http2_preface =
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x06\x04\x00\x00\x00\x00\x00"s + "\x00\x03\x00\x00\x00\x64"s;
const std::string http2_settings = "\x00\x00\x06\x04\x00\x00\x00\x00\x00"s + "\x00\x03\x00\x00\x00\x80"s;
const std::string rpc_reply =
    "\x80\x00\x00\x18"s + "\x12\x34\x56\x78"s + "\x00\x00\x00\x01\x00\x00\x00\x00"s + zeros(12);

std::string rpc_call(const std::string& program) {
    return "\x80\x00\x00\x28"s + "\x12\x34\x56\x78"s + "\x00\x00\x00\x00\x00\x00\x00\x02"s + program +
           "\x00\x00\x00\x03"s + zeros(20);
}

std::vector<Example> web() {
    const std::string get = "GET /chat HTTP/1.1\r\nHost: server.example\r\n";
    return {
        {"tls", client_hello("collector.example", {"h2", "http/1.1"}), server_hello()},
        {"tls", client_hello("", {}), "\x15\x03\x03\x00\x02\x02\x28"s},
        {"websocket", get + "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
         "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nupgrade: WebSocket\r\n\r\n"},
        {"docker", "GET /v1.43/containers/json HTTP/1.1\r\nHost: docker\r\n\r\n",
         http_answer("Api-Version: 1.43\r\nServer: Docker/24.0.2 (linux)\r\n")},
        {"elasticsearch", "", http_answer("X-elastic-product: Elasticsearch\r\n")},
        {"elasticsearch-transport", "ES" + "\x00\x00\x00\x2c\x00\x00\x00\x00\x00\x00\x00\x01\x08\x00\x6b\x1c"s,
         "ES" + "\x00\x00\x00\x1c\x00\x00\x00\x00\x00\x00\x00\x01\x09\x00\x6b\x1c"s},
        {"etcd", http2_preface + "\x00\x00\x20\x01\x04\x00\x00\x00\x01\x83\x86\x45\x11"s + "/etcdserverpb.KV/Range",
         http2_settings},
        {"grpc",
         http2_preface + "\x00\x00\x20\x01\x04\x00\x00\x00\x01\x83\x86\x5f\x8b"s +
             "\x1d\x75\xd0\x62\x0d\x26\x3d\x4c\x4d\x65\x64"s,
         http2_settings},
        {"http2", http2_preface, http2_settings},
        {"http", get + "\r\n", http_answer("Server: nginx\r\n")},
        {"http", "PROPFIND /dav/ HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.0 404 Not Found\r\n\r\n"},
        {"rtsp", "OPTIONS rtsp://camera.example/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"},
        {"sip", "REGISTER sip:example.org SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n", "SIP/2.0 401 Unauthorized\r\n\r\n"},
        {"proxy-protocol", "PROXY TCP4 10.0.0.2 10.0.0.1 40000 443\r\n", ""},
        {"proxy-protocol", "\r\n\r\n" + "\x00"s + "\r\nQUIT\n\x21\x11", ""},
        {"ajp13", "\x12\x34\x00\x2a\x02\x02"s + "\x00\x08HTTP/1.1"s, "AB" + "\x00\x13\x04\x00\xc8\x00\x02OK"s},
        {"fastcgi", "\x01\x01\x00\x01\x00\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"s, ""},
    };
}

std::vector<Example> log_in_and_mail() {
    return {
        {"ssh", "SSH-2.0-OpenSSH_9.2p1\r\n", "SSH-2.0-OpenSSH_8.4p1 Debian-5\r\n"},
        {"telnet", "", "\xff\xfd\x18\xff\xfd\x20\xff\xfd\x23\xff\xfd\x27"s},
        {"telnet", "\xff\xfb\x18"s, "\xff\xfd\x18"s},
        {"smtp", "EHLO client.example\r\n", "220 mail.example ESMTP Postfix\r\n"},
        {"smtp", "HELO client.example\r\n", "220 mail.example ready\r\n"},
        {"ftp", "", "220 (vsFTPd 3.0.3)\r\n"},
        {"ftp", "USER anonymous\r\n", "220 welcome\r\n"},
        {"pop3", "", "+OK POP3 server ready <1896.697170952@mail.example>\r\n"},
        {"pop3", "CAPA\r\n", "+OK Dovecot ready.\r\n"},
        {"imap", "a001 CAPABILITY\r\n", "* OK [CAPABILITY IMAP4rev1] Dovecot ready.\r\n"},
        {"managesieve", "", "\"IMPLEMENTATION\" \"Dovecot Pigeonhole\"\r\n\"SIEVE\" \"fileinto\"\r\n"},
        {"nntp", "", "200 news.example InterNetNews NNRP server ready\r\n"},
        {"nntp", "MODE READER\r\n", "201 news.example, no posting\r\n"},
        {"irc", "NICK alice\r\nUSER alice 0 * :Alice\r\n", ":irc.example NOTICE * :*** Looking up your hostname\r\n"},
        {"xmpp", "<?xml version='1.0'?><stream:stream to='example' xmlns='jabber:client'>",
         "<stream:stream from='example' xmlns='jabber:client'>"},
    };
}

std::vector<Example> databases() {
    const std::string drda_request = "\x00\x64\xd0\x41\x00\x01\x00\x5e\x10\x41"s;
    const std::string connect = "\x00\x01\x00\x00\x01\x00\x00\x00\x01\x3e\x01\x2c\x0c\x41"s;
    return {
        {"mariadb", "", "\x5b\x00\x00\x00\x0a"s + "5.5.5-10.11.6-MariaDB-0+deb12u1" + "\x00\x1e\x00\x00\x00"s},
        {"mysql", "", "\x4a\x00\x00\x00\x0a"s + "8.0.36" + "\x00\x0b\x00\x00\x00"s},
        {"mysql", "", "\x45\x00\x00\x00\xff\x6a\x04"s + "Host '10.0.0.2' is not allowed to connect"},
        {"postgresql", "\x00\x00\x00\x12\x00\x03\x00\x00"s + "user" + "\x00"s + "app" + "\x00\x00"s,
         "R" + "\x00\x00\x00\x08\x00\x00\x00\x00"s},
        {"postgresql", "\x00\x00\x00\x08\x04\xd2\x16\x2f"s, "S"},
        {"redis", "*1\r\n$4\r\nPING\r\n", "-NOAUTH Authentication required.\r\n"},
        {"redis", "PING\r\n", "+PONG\r\n"},
        {"mongodb", mongo(zeros(4), "\xdd\x07\x00\x00"s), mongo("\x01\x00\x00\x00"s, "\xdd\x07\x00\x00"s)},
        {"memcached", "get user:1\r\n", "VALUE user:1 0 5\r\nAlice\r\nEND\r\n"},
        {"memcached", "\x80\x0b"s + zeros(22), "\x81\x0b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x06"s + zeros(12)},
        {"cassandra", "\x04\x00\x00\x00\x05\x00\x00\x00\x00"s, "\x84\x00\x00\x00\x06\x00\x00\x00\x10"s},
        {"cassandra", "\x04\x00\x00\x01\x01\x00\x00\x00\x16\x00\x01\x00\x0b"s + "CQL_VERSION" + "\x00\x05"s + "3.0.0",
         "\x84\x00\x00\x01\x02\x00\x00\x00\x00"s},
        {"oracle-tns", connect + zeros(24) + "(DESCRIPTION=(CONNECT_DATA=(SERVICE_NAME=ORCL)))", ""},
        {"oracle-tns", connect + zeros(24), "\x00\x20\x00\x00\x02\x00\x00\x00\x01\x3e"s},
        {"mssql", "\x12\x01\x00\x2f\x00\x00\x00\x00\x00\x00\x1a\x00\x06\x01\x00\x20\x00\x01"s + zeros(24),
         "\x04\x01\x00\x2b\x00\x00\x01\x00\x00\x00\x1a\x00\x06\x01\x00\x20\x00\x01"s + zeros(24)},
        {"db2", drda_request + "\x00\x1a\x11\x5e"s, "\x00\x5c\xd0\x43\x00\x01\x00\x56\x14\x43\x00\x0f\x11\x5e"s},
        {"zookeeper",
         "\x00\x00\x00\x2d"s + zeros(4) + zeros(8) + "\x00\x00\x75\x30"s + zeros(8) + "\x00\x00\x00\x10"s + zeros(17),
         "\x00\x00\x00\x25"s + zeros(4) + "\x00\x00\x75\x30"s + "\x01\x02\x03\x04\x05\x06\x07\x08"s +
             "\x00\x00\x00\x10"s + zeros(17)},
        {"bolt", "\x60\x60\xb0\x17\x00\x00\x04\x04"s + zeros(12), ""},
        {"clickhouse", "\x00\x11"s + "ClickHouse client" + "\x17\x03"s, "\x00\x0a"s + "ClickHouse" + "\x17\x03"s},
    };
}

std::vector<Example> messages() {
    const std::string mqtt_connect = "\x10\x10\x00\x04"s + "MQTT" + "\x04\x02\x00\x3c\x00\x04"s + "node";
    const std::string capabilities = "\x01\x00\x00\xa0\x80\x00\x01\x01\x00\x00\x00\x00"s + zeros(8);
    return {
        {"amqp", "AMQP" + "\x00\x00\x09\x01"s, "\x01\x00\x00\x00\x00\x01\xda\x00\x0a\x00\x0a\x00\x09"s},
        {"amqp", "AMQP" + "\x03\x01\x00\x00"s, "AMQP" + "\x03\x01\x00\x00"s},
        {"mqtt", mqtt_connect, ""},
        {"mqtt", mqtt_connect, "\x20\x02\x00\x00"s},
        {"kafka", with_length32("\x00\x12\x00\x03\x00\x00\x00\x01\x00\x0a"s + "consumer-1" + "\x00"s),
         with_length32("\x00\x00\x00\x01\x00\x00\x3c"s + zeros(300))},
        {"nats", "CONNECT {\"verbose\":false}\r\nPING\r\n", "INFO {\"server_id\":\"NA\",\"version\":\"2.9\"}\r\n"},
        {"stomp", "CONNECT\naccept-version:1.2\nhost:example\n\n" + zeros(1), "CONNECTED\nversion:1.2\n\n" + zeros(1)},
        {"gearman", zeros(1) + "REQ" + "\x00\x00\x00\x10"s + zeros(4),
         zeros(1) + "RES" + "\x00\x00\x00\x11"s + zeros(4)},
        {"diameter", capabilities, "\x01\x00\x00\xa0\x00\x00\x01\x01\x00\x00\x00\x00"s + zeros(8)},
        {"syslog", "<34>1 2026-11-20T22:14:15.003Z host su - - - failed\n", ""},
        {"syslog", "<34>Nov 20 22:14:15 host su: failed\n", ""},
        {"zabbix", "ZBXD" + "\x01\x0a\x00\x00\x00\x00\x00\x00\x00"s + "agent.ping",
         "ZBXD" + "\x01\x01\x00\x00\x00\x00\x00\x00\x00"s + "1"},
    };
}

std::vector<Example> directories_and_files() {
    const std::string kerberos_request = "\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a"s;
    const std::string kerberos_answer = "\xa0\x03\x02\x01\x05\xa1\x03\x02\x01\x1e"s;
    const std::string login = "\x43\x87\x00\x00\x00\x00\x00\x60"s;
    return {
        {"ldap", "\x30\x0c\x02\x01\x01\x60\x07\x02\x01\x03\x04\x00\x80\x00"s,
         "\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"s},
        {"kerberos", with_length32("\x6a\x81\xb0\x30\x81\xad"s + kerberos_request + zeros(160)),
         with_length32("\x7e\x81\x80\x30\x7e"s + kerberos_answer + zeros(120))},
        {"smb2", "\x00\x00\x00\x44\xfe"s + "SMB" + "\x40\x00"s + zeros(58),
         "\x00\x00\x00\xf0\xfe"s + "SMB" + "\x40\x00"s + zeros(58)},
        {"smb1", "\x00\x00\x00\x54\xff"s + "SMB\x72" + zeros(27), "\x00\x00\x00\x80\xff"s + "SMB\x72" + zeros(27)},
        {"netbios-ssn", "\x81\x00\x00\x44\x20"s + std::string(32, 'C') + "\x00\x20"s + std::string(32, 'E') + "\x00"s,
         "\x82\x00\x00\x00"s},
        {"dce-rpc", "\x05\x00\x0b\x03\x10\x00\x00\x00\x48\x00\x00\x00"s + zeros(60),
         "\x05\x00\x0c\x03\x10\x00\x00\x00\x3c\x00\x00\x00"s + zeros(48)},
        {"nfs", rpc_call("\x00\x01\x86\xa3"s), rpc_reply},
        {"sunrpc", rpc_call("\x00\x01\x86\xa0"s), rpc_reply},
        {"iscsi", login + zeros(40) + "InitiatorName=iqn.1993-08.org.debian:01:1" + zeros(1), ""},
        {"iscsi", login + zeros(40), "\x23\x87\x00\x00\x00\x00\x00\x20"s + zeros(40)},
        {"rsync", "@RSYNCD: 31.0\n", "@RSYNCD: 31.0 sha512 md5\n"},
        {"git", "0032git-upload-pack /project.git" + zeros(1) + "host=example" + zeros(1),
         "00d1" + std::string(40, 'a') + " HEAD" + zeros(1)},
        {"svn", "( 2 ( edit-pipeline svndiff1 ) 24:svn://host/repo ) ", "( success ( 2 2 ( ) ( edit-pipeline ) ) ) "},
        {"bittorrent", "\x13" + "BitTorrent protocol"s + zeros(48), "\x13" + "BitTorrent protocol"s + zeros(48)},
        {"java-rmi", "JRMI" + "\x00\x02K"s, ""},
    };
}

std::vector<Example> screens_and_printers() {
    return {
        {"rdp", "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00"s,
         "\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02\x1f\x08\x00\x02\x00\x00\x00"s},
        {"rdp", "\x03\x00\x00\x2a\x25\xe0\x00\x00\x00\x00\x00"s + "Cookie: mstshash=alice\r\n", ""},
        {"vnc", "RFB 003.008\n", "RFB 003.008\n"},
        {"x11", "l" + "\x00\x0b\x00\x00\x00\x12\x00\x10\x00\x00\x00"s, "\x01\x00\x0b\x00\x00\x00\x3f\x08"s},
        {"rtmp", "\x03"s + "\x00\x00\x00\x01"s + zeros(4) + std::string(1400, '\x5a'),
         "\x03"s + zeros(8) + std::string(1400, '\x5a')},
        {"lpd", "\x02lp\n"s, zeros(1)},
        {"jetdirect", "\x1b%-12345X@PJL JOB\r\n", ""},
    };
}

std::vector<Example> networks() {
    const std::string query =
        "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07"s + "example" + "\x03"s + "org" + "\x00\x00\x06\x00\x01"s;
    const std::string answer =
        "\x12\x34\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00\x07"s + "example" + "\x03"s + "org" + "\x00\x00\x06\x00\x01"s;
    const std::string marker(16, '\xff');
    return {
        {"bgp", marker + "\x00\x1d\x01\x04\xfd\xe8\x00\xb4"s + zeros(5),
         marker + "\x00\x1d\x01\x04\xfd\xe9\x00\xb4"s + zeros(5)},
        {"bgp", marker + "\x00\x1d\x01\x04\xfd\xe8\x00\xb4"s + zeros(5), marker + "\x00\x15\x03\x06\x05"s},
        {"dns", with_length16(query), with_length16(answer)},
        {"pptp", "\x00\x9c\x00\x01\x1a\x2b\x3c\x4d\x00\x01\x00\x00"s + zeros(144),
         "\x00\x9c\x00\x01\x1a\x2b\x3c\x4d\x00\x02\x00\x00"s + zeros(144)},
        {"socks5", "\x05\x02\x00\x02"s, "\x05\x00"s},
        {"socks4", "\x04\x01\x00\x50\x0a\x00\x00\x01"s + "alice" + "\x00"s, "\x00\x5a\x00\x50\x0a\x00\x00\x01"s},
    };
}

std::vector<Example> industry() {
    return {
        {"iec-104", "\x68\x04\x07\x00\x00\x00"s, "\x68\x04\x0b\x00\x00\x00"s},
        {"dnp3", "\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21"s, "\x05\x64\x05\x00\x00\x04\x01\x00\x00\x00"s},
        {"s7comm", "\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"s,
         "\x03\x00\x00\x16\x11\xd0\x00\x01\x00\x02\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"s},
        {"opc-ua", "HELF" + "\x38\x00\x00\x00\x00\x00\x00\x00"s + zeros(20) + "opc.tcp://plc:4840",
         "ACKF" + "\x1c\x00\x00\x00"s + zeros(20)},
        {"ethernet-ip",
         "\x65\x00\x04\x00"s + zeros(4) + zeros(4) + "\x01\x02\x03\x04\x05\x06\x07\x08"s + zeros(4) +
             "\x01\x00\x00\x00"s,
         "\x65\x00\x04\x00\x11\x22\x33\x44"s + zeros(4) + "\x01\x02\x03\x04\x05\x06\x07\x08"s + zeros(4) +
             "\x01\x00\x00\x00"s},
        {"modbus", "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a"s,
         "\x00\x01\x00\x00\x00\x17\x01\x03\x14"s + zeros(20)},
    };
}

}  // namespace

std::string client_hello(const std::string& server_name, const std::vector<std::string>& protocols) {
    std::string extensions;
    if (!server_name.empty()) extensions += extension(0, with_length16(byte(0) + with_length16(server_name)));
    extensions += extension(10, "\x00\x02\x00\x1d"s);
    std::string list;
    for (const std::string& protocol : protocols) list += byte(protocol.size()) + protocol;
    if (!list.empty()) extensions += extension(16, with_length16(list));
    return handshake(1, "\x03\x03"s + std::string(32, 'r') + byte(32) + std::string(32, 's') +
                            with_length16("\x13\x01\x13\x02"s) + "\x01\x00"s + with_length16(extensions));
}

std::string server_hello() {
    return handshake(2, "\x03\x03"s + std::string(32, 'r') + byte(0) + "\x13\x01\x00"s + two(0));
}

std::vector<Example> examples() {
    std::vector<Example> all;
    for (auto part : {web(), log_in_and_mail(), databases(), messages(), directories_and_files(),
                      screens_and_printers(), networks(), industry()})
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace rstwatch::identify::test
