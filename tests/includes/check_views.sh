#!/bin/sh
# check_views.sh ROOT
#
# Fails if a public member function of a library returns a view into its object (a reference, a pointer, a span, a text view, a
# rank list, a communicator) and can be called on a temporary, whose view would dangle. Such a function has `&` behind its
# parameters, and a deleted overload with `&&`.
set -eu
cd "$1"
find topology comm adapters/mpi adapters/nccl adapters/files adapters/dialects -path '*/include/*' -name '*.hpp' -exec awk '
  FNR == 1 || /^(class|struct|template)/ || /^ public:/ { public = 1 }
  /^ (private|protected):/ { public = 0 }
  # Of an abstract class there are no temporaries.
  !public || / (static|friend) / || / = 0;/ { next }
  {
    view = "(const [A-Za-z_:<>]+[&*]|std::span<[^()]*>|std::string_view|RankList|GroupCommunicator<[^()]*>|KindView)"
    if ($0 ~ "^ +(\\[\\[nodiscard\\]\\] )?(virtual |constexpr )*" view " [a-z_]+\\(.*\\) const") {
      ++views
      if ($0 !~ /\) const&/) {
        print FILENAME ":" FNR ": add & behind const, and a deleted overload for temporaries:" $0
        ++wrong
      }
    }
  }
  END {
    if (views < 20) print "only " views + 0 " views were found: the search is broken"
    exit wrong > 0 || views < 20
  }' {} +
