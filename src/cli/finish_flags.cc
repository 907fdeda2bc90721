#include "cli/finish_flags.h"

#include <CLI/CLI.hpp>

namespace lips::cli {

Result<FinishOptions> FinishFlags::Resolve() const {
  FinishOptions options;
  options.alpha = !no_alpha;
  if (!key_colour.empty()) {
    options.key = key;
    RETURN_IF_ERROR(ParseKeyColour(key_colour, *options.key));
    RETURN_IF_ERROR(CheckKeyColour(*options.key));
  }
  if (!background.empty()) options.background = background;
  if (!label.empty()) {
    options.label = LabelOptions{.text = label};
    ASSIGN_OR_RETURN(options.label->place, ParseLabelPlace(label_position));
    if (!label_font.empty()) options.label->font = label_font;
  }
  return options;
}

void AddFinishFlags(CLI::App& command, FinishFlags& flags) {
  CLI::Option* key =
      command.add_option("--key-colour", flags.key_colour,
                         "make this colour transparent ('#00ff00', green, blue), instead of what the avatar says");
  const auto share = [&](const char* name, double& value, const char* help) {
    command.add_option(name, value, help)->check(CLI::Range(0.0, 1.0))->needs(key)->capture_default_str();
  };
  share("--key-tolerance", flags.key.tolerance,
        "how unlike the key a colour may be and still be all transparent: 0 to 1");
  share("--key-softness", flags.key.softness, "how much further it fades: 0 to 1");
  share("--key-spill", flags.key.spill, "how much of the key's light on the person is taken away: 0 to 1");
  CLI::Option* background =
      command.add_option("--background", flags.background,
                         "picture or video behind a transparent avatar, scaled to cover the frame; a video loops");
  command
      .add_flag("--no-alpha", flags.no_alpha,
                "an opaque video of a transparent avatar, which otherwise needs one that holds transparency (.mov, "
                ".webm, --frames)")
      ->excludes(key)
      ->excludes(background);
  command.add_option("--label", flags.label, "burn this line of text into every frame, where it hides no mouth");
  command
      .add_option("--label-position", flags.label_position,
                  "auto, bottom-left, bottom-right, bottom, top-left, top-right, top")
      ->check([](const std::string& text) {
        const auto place = ParseLabelPlace(text);
        return place.ok() ? std::string() : place.error().message();
      })
      ->needs("--label")
      ->capture_default_str();
  command.add_option("--label-font", flags.label_font, "font file (.ttf, .otf) of the label")->needs("--label");
}

}  // namespace lips::cli
