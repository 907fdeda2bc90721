// The commands that have to do with a live server.
#pragma once

#include "cli/app.h"

namespace lips::cli {

void AddServe(Commands& commands);
void AddSay(Commands& commands);
void AddBenchLive(CLI::App& bench, Commands& commands);  // bench --live

}  // namespace lips::cli
