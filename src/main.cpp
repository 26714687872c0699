#include "loquat/app/app.hpp"

int main(int argc, char** argv) { return loquat::app::run(argc, argv); }
