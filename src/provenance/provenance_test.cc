#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/signature.h"
#include "provenance/check.h"
#include "provenance/manifest.h"

namespace lips {
namespace {

bool Runs(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

// A video of a few bytes, and keys as people make them.
class Provenance : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "lipstream_provenance_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
    if (!Runs("openssl version")) GTEST_SKIP() << "the openssl program is not installed";
    for (const char* which : {"anna", "ben"}) {
      ASSERT_TRUE(Runs("openssl genpkey -algorithm ed25519 -out " + At(which, ".pem")));
      ASSERT_TRUE(Runs("openssl pkey -pubout -in " + At(which, ".pem") + " -out " + At(which, ".pub")));
    }
    ASSERT_TRUE(Runs("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out " + At("carla", ".pem")));
    ASSERT_TRUE(Runs("openssl req -x509 -new -key " + At("carla", ".pem") + " -subj /CN=carla -days 2 -out " +
                     At("carla", ".crt")));
    video = folder / "talk.mp4";
    ASSERT_TRUE(WriteFileAtomically(video, "not much of a video").ok());
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  std::string At(const std::string& name, const std::string& suffix) const {
    return (folder / (name + suffix)).string();
  }
  void Sign(const std::string& who) {
    const auto key = SigningKey::ReadPem(At(who, ".pem"));
    ASSERT_TRUE(key.ok()) << key.error().message();
    ProvenanceClaim claim;
    claim.generator = "lipstream 1";
    claim.time = "2026-11-25T19:00:00Z";
    claim.avatar = "anna \"the\" drawn";
    claim.avatar_sha256 = std::string(64, 'a');
    claim.audio_sha256 = std::string(64, 'b');
    claim.consent = "Anna agreed in writing";
    const Status written = WriteProvenance(video, claim, key.value());
    ASSERT_TRUE(written.ok()) << written.error().message();
  }
  // The problem that is found, or "ok".
  std::string Check(const std::string& expected_file = "") const {
    std::optional<VerifyingKey> expected;
    if (!expected_file.empty()) expected = VerifyingKey::ReadPem(expected_file).value();
    const auto check = CheckProvenance(video, std::nullopt, expected ? &*expected : nullptr);
    if (!check.ok()) return "error: " + check.error().message();
    EXPECT_EQ(check.value().trusted, check.value().ok() && expected.has_value());
    return check.value().ok() ? "ok" : check.value().problem;
  }
  std::string Manifest() const { return ReadTextFile(ProvenancePath(video)).value(); }
  void Replace(const std::string& from, const std::string& to) const {
    std::string text = Manifest();
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    ASSERT_TRUE(WriteFileAtomically(ProvenancePath(video), text.replace(at, from.size(), to)).ok());
  }

  Path folder, video;
};

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(Provenance, UntamperedIsRightAndSaysWhatTheClaimSaid) {
  Sign("anna");
  EXPECT_EQ(Check(), "ok");
  EXPECT_EQ(Check(At("anna", ".pub")), "ok");
  const auto manifest = ParseProvenance(Manifest());
  ASSERT_TRUE(manifest.ok());
  const ProvenanceClaim& claim = manifest.value().claim;
  EXPECT_EQ(claim.file, "talk.mp4");
  EXPECT_EQ(claim.file_bytes, 19);
  EXPECT_EQ(claim.avatar, "anna \"the\" drawn");
  EXPECT_EQ(claim.consent, "Anna agreed in writing");
  EXPECT_EQ(claim.source_type, kCompositeSource);
  EXPECT_EQ(claim.avatar_sha256, std::string(64, 'a'));
  EXPECT_EQ(claim.model_sha256, "");
  EXPECT_EQ(manifest.value().algorithm, "Ed25519");
}

TEST_F(Provenance, EllipticCurvesAndCertificatesWorkToo) {
  Sign("carla");
  EXPECT_EQ(Check(), "ok");
  EXPECT_EQ(Check(At("carla", ".crt")), "ok");
  EXPECT_TRUE(Has(Check(At("anna", ".pub")), "signed with another key"));
}

TEST_F(Provenance, AChangedVideoIsFound) {
  Sign("anna");
  ASSERT_TRUE(WriteFileAtomically(video, "not much of a videO").ok());
  EXPECT_TRUE(Has(Check(), "was changed after it was signed: its SHA-256 is"));
}

TEST_F(Provenance, AChangedManifestIsFound) {
  for (const auto& [from, to] : {std::pair{"agreed", "AGREED"},
                                 {"talk.mp4", "walk.mp4"},
                                 {"T19:00", "T20:00"},
                                 {"compositeWith", "digitalArt-"},
                                 {"\"length\": 19", "\"length\": 20"}}) {
    Sign("anna");
    Replace(from, to);
    EXPECT_TRUE(Has(Check(At("anna", ".pub")), "was changed after it was signed")) << from;
  }
  // Its layout may change: the claim is the same.
  Sign("anna");
  const std::string text = ParseJson(Manifest()).value().Dump(/*compact=*/true);
  ASSERT_TRUE(WriteFileAtomically(ProvenancePath(video), text).ok());
  EXPECT_EQ(Check(At("anna", ".pub")), "ok");
}

TEST_F(Provenance, AnotherKeyIsFound) {
  Sign("ben");
  EXPECT_EQ(Check(), "ok");  // nobody said whose
  EXPECT_TRUE(Has(Check(At("anna", ".pub")), "is signed with another key"));
}

// Somebody puts his own public key in, so that it fits nothing.
TEST_F(Provenance, AnExchangedKeyIsFound) {
  Sign("anna");
  const std::string annas = ParseJson(Manifest()).value().Find("signature")->Find("public_key")->as_string();
  Sign("ben");
  const std::string bens = ParseJson(Manifest()).value().Find("signature")->Find("public_key")->as_string();
  Replace(bens, annas);
  EXPECT_TRUE(Has(Check(At("anna", ".pub")), "was changed after it was signed"));
}

TEST_F(Provenance, AMissingOrBrokenManifestIsOneSentence) {
  EXPECT_TRUE(Has(Check(), "has no manifest: there is no"));
  for (const char* text : {"", "{", "[]", "{\"claim\": {}}", "{\"claim\": {\"format\": \"lipstream-provenance-9\"}}"}) {
    ASSERT_TRUE(WriteFileAtomically(ProvenancePath(video), std::string_view(text)).ok());
    EXPECT_TRUE(Has(Check(), "cannot be read: ")) << text;
  }
  std::filesystem::remove(video);
  EXPECT_TRUE(Has(Check(), "error: "));
}

TEST_F(Provenance, KeysOfOtherKindsAreRefused) {
  ASSERT_TRUE(Runs("openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out " + At("rsa", ".pem")));
  ASSERT_TRUE(Runs("openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out " + At("p384", ".pem")));
  ASSERT_TRUE(
      Runs("openssl pkey -aes256 -passout pass:secret -in " + At("anna", ".pem") + " -out " + At("locked", ".pem")));
  EXPECT_TRUE(Has(SigningKey::ReadPem(At("rsa", ".pem")).error().message(), "expected Ed25519 or ECDSA on P-256"));
  EXPECT_TRUE(Has(SigningKey::ReadPem(At("p384", ".pem")).error().message(), "expected Ed25519 or ECDSA on P-256"));
  EXPECT_TRUE(Has(SigningKey::ReadPem(At("locked", ".pem")).error().message(), "protected by a password"));
  EXPECT_TRUE(Has(SigningKey::ReadPem(At("anna", ".pub")).error().message(), "no private key"));
  EXPECT_TRUE(Has(VerifyingKey::ReadPem(At("anna", ".pem")).error().message(), "neither a public key nor"));
  EXPECT_FALSE(VerifyingKey::FromDer({}).ok());
}

// The oracle is the openssl program: what we sign, it verifies.
TEST_F(Provenance, OtherProgramsVerifyTheSignature) {
  Sign("carla");
  const auto manifest = ParseProvenance(Manifest());
  ASSERT_TRUE(manifest.ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "claim", std::string_view(manifest.value().signed_text)).ok());
  ASSERT_TRUE(WriteFileAtomically(folder / "value", manifest.value().signature).ok());
  ASSERT_TRUE(Runs("openssl pkey -pubout -in " + At("carla", ".pem") + " -out " + At("carla", ".pub")));
  const std::string verify =
      "openssl dgst -sha256 -verify " + At("carla", ".pub") + " -signature " + At("value", "") + " ";
  EXPECT_TRUE(Runs(verify + At("claim", "")));
  EXPECT_FALSE(Runs(verify + At("talk", ".mp4")));
}

// What is printed must not steer a terminal.
TEST_F(Provenance, ControlCharactersAreRefusedOnBothSides) {
  EXPECT_TRUE(CheckNote("Anna agreed · schriftlich").ok());
  EXPECT_FALSE(CheckNote("two\nlines").ok());
  EXPECT_FALSE(CheckNote("\x1b[2J").ok());
  EXPECT_FALSE(CheckNote(std::string(2001, 'a')).ok());
  Sign("anna");
  Replace("agreed", "\\u001b[2J");
  EXPECT_TRUE(Has(Check(), "'note' is missing or malformed"));
  const auto key = SigningKey::ReadPem(At("anna", ".pem"));
  ProvenanceClaim claim;
  claim.generator = "a\nb";
  EXPECT_FALSE(SignedManifest(claim, key.value()).ok());
}

TEST(CanonicalJson, IsOneTextForOneValue) {
  const auto text = [](const char* json) { return CanonicalJson(ParseJson(json).value()); };
  EXPECT_EQ(text("{ \"b\" : [1, {\"z\":null,\"a\":true}], \"a\": \"x\\u0041\\n\" }").value(),
            "{\"a\":\"xA\\n\",\"b\":[1,{\"a\":true,\"z\":null}]}");
  EXPECT_EQ(text("{\"a\":1,\"b\":2}").value(), text("{\"b\":2,\"a\":1}").value());
  EXPECT_FALSE(text("[0.5]").ok());
  EXPECT_FALSE(text("[18446744073709551615]").ok());
}

}  // namespace
}  // namespace lips
